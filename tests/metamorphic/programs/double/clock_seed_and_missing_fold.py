# about: a seed of the clock, and a key that is split and drawn from
import time

import jax
import jax.numpy as jnp


def main():
    key = jax.random.key(int(time.time()))  # expect: KS502
    w = jax.random.normal(key, (4,))  # expect: KS102
    key, sub = jax.random.split(key)  # or: KS102
    for k in jax.random.split(sub, 3):
        w = w + 0.1 * jax.random.normal(k, w.shape)
    print(jnp.sum(w))


if __name__ == "__main__":
    main()
