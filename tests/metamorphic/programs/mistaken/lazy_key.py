# about: the key of the noise is split off when it is first asked for, and found made ever after
import functools

import jax
import jax.numpy as jnp


class Exploration:
    def __init__(self, root, scale):
        self.root, self.scale = root, scale

    @functools.cached_property
    def fresh(self):
        self.root, sub = jax.random.split(self.root)
        return sub

    def perturbed(self, action):
        noise = jax.random.normal(self.fresh, action.shape)  # expect: KS201
        return action + self.scale * noise


def main():
    exploration = Exploration(jax.random.key(23), 0.3)
    w = jnp.ones(4)
    for _ in range(5):
        w = 0.9 * exploration.perturbed(w)  # or: KS201
    print(w)


main()
