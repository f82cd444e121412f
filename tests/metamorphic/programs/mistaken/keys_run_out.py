# about: ten steps take their keys from a list of four
import jax
import jax.numpy as jnp


@jax.jit
def step(w, key):
    return w + jax.random.normal(key, w.shape)  # or: KS101|KS201|KS203|KS204


def main():
    keys = jax.random.split(jax.random.key(81), 4)
    w = jnp.zeros(3)
    for i in range(10):  # or: KS101|KS201|KS203|KS204
        w = step(w, keys[i % 4])  # expect: KS101|KS201|KS203|KS204
    print(w)


if __name__ == "__main__":
    main()
