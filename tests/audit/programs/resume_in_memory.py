"""A run continued from its state begins its chain of keys again."""

import jax
import jax.numpy as jnp


@jax.jit
def step(w, key):
    return w + jax.random.normal(key, w.shape)


def train(state, steps):
    key = jax.random.key(0)  # -> KS202
    for _ in range(steps):
        key, sub = jax.random.split(key)
        state = {"w": step(state["w"], sub), "step": state["step"] + 1}
    return state


checkpoint = train({"w": jnp.zeros(3), "step": 0}, 3)
checkpoint = train(checkpoint, 4)
print(checkpoint["step"])
