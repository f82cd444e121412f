# about: a key is used in both branches of a cond, of which one runs
import jax
import jax.numpy as jnp


@jax.jit
def explore(key, x, greedy):
    return jax.lax.cond(
        greedy,
        lambda k: x + 0.01 * jax.random.normal(k, x.shape),
        lambda k: jax.random.uniform(k, x.shape),
        key,
    )


key = jax.random.key(8)
x = jnp.ones(3)
for i in range(4):
    key, sub = jax.random.split(key)
    x = explore(sub, x, i % 2 == 0)
print(x)
