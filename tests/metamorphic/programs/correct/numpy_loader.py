# about: a seeded loader of NumPy beside keys of JAX
import jax
import jax.numpy as jnp
import numpy as np


class Loader:
    def __init__(self, data, batch, seed):
        self.data, self.batch = data, batch
        self.rng = np.random.default_rng(seed)

    def __iter__(self):
        order = self.rng.permutation(len(self.data))
        for start in range(0, len(order), self.batch):
            yield self.data[order[start : start + self.batch]]


@jax.jit
def step(w, x, key):
    return w + 0.1 * (x.mean(0) - w) + 0.01 * jax.random.normal(key, w.shape)


def main():
    key = jax.random.key(0)
    w = jnp.zeros(3)
    loader = Loader(np.arange(24.0, dtype=np.float32).reshape(8, 3), 4, seed=1)
    for epoch in range(2):
        for x in loader:
            key, sub = jax.random.split(key)
            w = step(w, x, sub)
    print(w)


if __name__ == "__main__":
    main()
