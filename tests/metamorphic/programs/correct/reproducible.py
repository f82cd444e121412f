# about: a run is made twice with one seed, and the two results are compared
import jax
import jax.numpy as jnp


def run(seed):
    key = jax.random.key(seed)
    w = jnp.zeros(4)
    for _ in range(3):
        key, sub = jax.random.split(key)
        w = w + jax.random.normal(sub, w.shape)
    return w


def main():
    first = run(5)
    second = run(5)
    assert jnp.array_equal(first, second)
    print("the same")


if __name__ == "__main__":
    main()
