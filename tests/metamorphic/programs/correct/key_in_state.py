# about: the key lives in the state of the training and is advanced there
from typing import NamedTuple

import jax
import jax.numpy as jnp


class State(NamedTuple):
    w: jax.Array
    key: jax.Array
    step: int


@jax.jit
def train_step(state, x):
    key, sub = jax.random.split(state.key)
    keep = jax.random.bernoulli(sub, 0.8, x.shape)
    w = state.w + 0.1 * (jnp.where(keep, x, 0.0).mean(0) - state.w)
    return state._replace(w=w, key=key, step=state.step + 1)


def main():
    state = State(jnp.zeros(3), jax.random.key(12), 0)
    for _ in range(4):
        state = train_step(state, jnp.ones((5, 3)))
    print(state.w, state.step)


if __name__ == "__main__":
    main()
