# about: one permutation of all leaves of a data set by tree.map
import jax
import jax.numpy as jnp


def shuffle(key, dataset):
    return jax.tree.map(lambda leaf: jax.random.permutation(key, leaf), dataset)


def main():
    key = jax.random.key(5)
    dataset = {"x": jnp.arange(40.0).reshape(10, 4), "y": jnp.arange(10)}
    w = jnp.zeros(4)
    for epoch in range(2):
        shuffled = shuffle(jax.random.fold_in(key, epoch), dataset)
        for x, y in zip(shuffled["x"], shuffled["y"]):
            w = w + 0.01 * (y - x @ w) * x / (x @ x + 1)
    print(w)


if __name__ == "__main__":
    main()
