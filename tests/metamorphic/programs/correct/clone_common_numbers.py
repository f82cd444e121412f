# about: common random numbers for two policies, declared by clone
import jax
import jax.numpy as jnp


@jax.jit
def rollout(gain, key):
    def body(x, k):
        x = x - gain * x + 0.1 * jax.random.normal(k)
        return x, x**2

    _, costs = jax.lax.scan(body, jnp.float32(1.0), jax.random.split(key, 10))
    return costs.mean()


key = jax.random.key(12)
for i in range(3):
    key, sub = jax.random.split(key)
    a = rollout(0.3, sub)
    b = rollout(0.6, jax.random.clone(sub))
    print(i, float(a - b))
