"""NNX: each stream of an Rngs has a seed and a count of its own, and a copy goes on by itself."""

import copy

import jax
from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.layer = nnx.Linear(3, 3, rngs=rngs)


def members_of_one_seed():
    return [Net(nnx.Rngs(params=1, dropout=2)) for _ in range(3)]  # KS106


def members_of_their_own():
    return [Net(nnx.Rngs(params=number, dropout=20)) for number in range(3)]


def members_of_copies():
    rngs = nnx.Rngs(params=3, dropout=4)
    return [Net(copy.deepcopy(rngs)) for _ in range(3)]  # KS201


def members_of_one_that_counts():
    rngs = nnx.Rngs(params=5, dropout=6)
    return [Net(rngs) for _ in range(3)]


def noise_of_a_seed_again():
    first = nnx.Rngs(params=7, noise=8)
    again = nnx.Rngs(params=9, noise=8)
    total = jax.random.normal(first.noise(), (3,))
    return total + again.noise.normal((3,))  # KS106


def noise_of_other_streams():
    rngs = nnx.Rngs(params=10, noise=11)
    total = jax.random.normal(rngs.noise(), (3,)) + jax.random.normal(rngs.params(), (3,))
    return total + jax.random.normal(rngs.noise(), (3,)) + rngs.noise.uniform((3,))


def noise_of_the_default():
    first, again = nnx.Rngs(12), nnx.Rngs(12)
    return first.normal((3,)) + jax.random.normal(again.mixing(), (3,))  # KS106


def made_anew_in_each_turn(x):
    for _ in range(3):
        rngs = nnx.Rngs(params=13, noise=14)
        x = x + jax.random.normal(rngs.noise(), x.shape)  # KS106
    return x
