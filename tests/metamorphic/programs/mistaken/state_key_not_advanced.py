# about: the key lives in the state and is never advanced
from typing import NamedTuple

import jax
import jax.numpy as jnp


class State(NamedTuple):
    w: jax.Array
    rng: jax.Array
    step: int


@jax.jit
def train_step(state, x):
    keep = jax.random.bernoulli(state.rng, 0.8, x.shape)  # or: KS201|KS203
    w = state.w + 0.1 * (jnp.where(keep, x, 0.0).mean(0) - state.w)
    return state._replace(w=w, step=state.step + 1)  # or: KS201|KS203


def main():
    state = State(jnp.zeros(3), jax.random.key(12), 0)
    for _ in range(4):  # or: KS201|KS203
        state = train_step(state, jnp.ones((5, 3)))  # expect: KS201|KS203
    print(state.w)


if __name__ == "__main__":
    main()
