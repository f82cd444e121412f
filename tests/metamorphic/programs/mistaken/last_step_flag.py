# about: a flag of the call is a comparison; the key of the step is the same each time
from functools import partial

import jax
import jax.numpy as jnp


@partial(jax.jit, static_argnames=("last",))
def step(w, key, last=False):
    mask = jax.random.bernoulli(key, 0.9, w.shape)  # or: KS201|KS203
    w = jnp.where(mask, w, 0.0)
    return w / 2 if last else w + 1.0


def main():
    key = jax.random.key(7)
    w = jnp.zeros(6)
    for i in range(5):  # or: KS201|KS203
        w = step(w, key, last=i == 4)  # expect: KS201|KS203
    print(w.sum())


if __name__ == "__main__":
    main()
