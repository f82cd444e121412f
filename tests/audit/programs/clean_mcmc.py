"""Metropolis chains in parallel; the lanes of a while loop end at different times."""

import jax
import jax.numpy as jnp


def chain(key):
    def cond(state):
        return (state[1] < 1.0) & (state[2] < 50)

    def body(state):
        key, x, n = state
        key, sub = jax.random.split(key)
        return key, x + jax.random.exponential(sub), n + 1

    return jax.lax.while_loop(cond, body, (key, jnp.float32(0.0), 0))[1]


print(jax.jit(jax.vmap(chain))(jax.random.split(jax.random.key(0), 16)).mean())
