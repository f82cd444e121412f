"""Python's own generator is asked while JAX traces."""

import random

import jax
import jax.numpy as jnp

random.seed(0)


@jax.jit
def flip(x):
    if random.random() < 0.5:  # -> KS501
        return x[::-1]
    return x


x = jnp.arange(4.0)
for _ in range(3):
    x = flip(x)
print(x)
