"""Two blocks of a network are made of one key."""

import equinox as eqx
import jax


class Net(eqx.Module):
    query: eqx.nn.Linear
    value: eqx.nn.Linear

    def __init__(self, key):
        self.query = eqx.nn.Linear(4, 4, key=key)
        self.value = eqx.nn.Linear(4, 4, key=key)  # -> KS101


print(Net(jax.random.key(0)).query.weight.shape)
