# about: each row is jittered by a generator that begins at the same seed
import jax
import jax.numpy as jnp
import numpy as np


def jittered(row):
    source = np.random.default_rng(11)  # expect: KS504
    return row + source.normal(size=row.shape).astype("float32")  # or: KS504


@jax.jit
def update(w, x):
    return w - 0.1 * jax.grad(lambda w: ((x @ w) ** 2).mean())(w)


def main():
    rows, w = np.eye(4, dtype="float32"), jnp.ones(4)
    for row in rows:
        w = update(w, jittered(row)[None])  # or: KS504
    print(w)


main()
