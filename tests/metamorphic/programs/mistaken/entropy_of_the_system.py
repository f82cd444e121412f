# about: the seed is taken from os.urandom and not said
import os

import jax


def make_key():
    return jax.random.key(int.from_bytes(os.urandom(4), "little"))  # expect: KS502


def main():
    key = make_key()  # or: KS502
    w = 0.0
    for k in jax.random.split(key, 3):
        w = w + jax.random.normal(k)
    print(w)


if __name__ == "__main__":
    main()
