"""NNX streams, and objects, with one seed."""

from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs):
        self.dense = nnx.Linear(3, 3, rngs=rngs)


twins = nnx.Rngs(params=0, dropout=0)  # KS403
named = nnx.Rngs(params=0, dropout=1)
one = nnx.Rngs(0)


def ensemble():
    return [Net(nnx.Rngs(i)) for i in range(3)]


def ensemble_of_twins():
    return [Net(nnx.Rngs(7)) for _ in range(3)]  # KS106


def ensemble_from_the_end():
    return [Net(nnx.Rngs(2 - i)) for i in range(3)]
