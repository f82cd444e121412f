# about: a vmapped rejection loop splits its key in each turn
import jax
import jax.numpy as jnp


def truncated(key, limit):
    def cond(state):
        return jnp.abs(state[0]) > limit

    def body(state):
        _, key = state
        key, sub = jax.random.split(key)
        return jax.random.normal(sub), key

    return jax.lax.while_loop(cond, body, (jnp.float32(jnp.inf), key))[0]


keys = jax.random.split(jax.random.key(25), 8)
print(jax.jit(jax.vmap(truncated, in_axes=(0, None)))(keys, 0.7))
