# about: Python's random decides inside a scan, once for all iterations
import random

import jax
import jax.numpy as jnp

random.seed(3)


def body(carry, x):
    drop = random.random() < 0.5  # expect: KS501
    carry = carry + (0.0 if drop else x)
    return carry, carry


def main():
    total, path = jax.lax.scan(body, 0.0, jnp.arange(6.0))  # or: KS501
    print(total, path)


if __name__ == "__main__":
    main()
