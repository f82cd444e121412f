"""Two compiled functions fold the same numbers into one captured key: no key of one was captured."""

import jax
import jax.numpy as jnp


def projection(key, round_number):
    return jax.random.normal(jax.random.fold_in(key, round_number), (2, 4))  # -> KS101


class Codec:
    def __init__(self, key):
        self.key = key

    def encode(self, update, round_number):
        return projection(self.key, round_number) @ update

    def decode(self, message, round_number):
        return projection(self.key, round_number).T @ message


codec = Codec(jax.random.key(3))
encode, decode = jax.jit(codec.encode), jax.jit(codec.decode)
weights = jnp.ones(4)
for round_number in range(3):
    weights = weights - 0.1 * decode(encode(weights, round_number), round_number)
print(weights)
