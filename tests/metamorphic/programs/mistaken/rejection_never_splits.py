# about: a vmapped rejection loop proposes from one key again and again
import jax
import jax.numpy as jnp


def truncated(key, limit):
    def cond(state):
        x, tries = state
        return (jnp.abs(x) > limit) & (tries < 20)

    def body(state):
        _, tries = state
        return jax.random.normal(key), tries + 1  # expect: KS203

    return jax.lax.while_loop(cond, body, (jnp.float32(jnp.inf), 0))  # or: KS203


keys = jax.random.split(jax.random.key(25), 8)
samples, tries = jax.vmap(truncated, in_axes=(0, None))(keys, 0.7)  # or: KS203
print(samples, tries)
