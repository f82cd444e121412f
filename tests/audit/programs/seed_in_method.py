"""Each call of the method makes its key anew."""

import jax


class Augment:
    def __init__(self, seed):
        self.seed = seed

    def __call__(self, x):
        key = jax.random.key(self.seed)  # -> KS106
        return x + jax.random.normal(key, x.shape)


augment = Augment(3)
x = jax.numpy.ones(4)
for _ in range(3):
    x = augment(x)
print(x)
