"""The state, its key included, is donated to the step."""

from functools import partial

import jax
import jax.numpy as jnp


@partial(jax.jit, donate_argnums=0)
def step(state):
    key, sub = jax.random.split(state["key"])
    return {"key": key, "w": state["w"] + jax.random.normal(sub, (3,))}


state = {"key": jax.random.key(0), "w": jnp.zeros(3)}
for _ in range(4):
    state = step(state)
print(state["w"])
