# about: a loader shuffles with the same key in each epoch
import jax
import jax.numpy as jnp


class Loader:
    def __init__(self, data, batch, key):
        self.data, self.batch, self.key = data, batch, key

    def __iter__(self):
        order = jax.random.permutation(self.key, len(self.data))  # expect: KS201|KS203|KS101
        for start in range(0, len(order), self.batch):
            yield self.data[order[start : start + self.batch]]


def main():
    loader = Loader(jnp.arange(24.0).reshape(8, 3), 4, jax.random.key(83))
    w = jnp.zeros(3)
    for epoch in range(3):  # or: KS201|KS203|KS101
        for x in loader:  # or: KS201|KS203|KS101
            w = w + 0.1 * (x.mean(0) - w)
    print(w)


if __name__ == "__main__":
    main()
