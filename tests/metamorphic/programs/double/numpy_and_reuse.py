# about: NumPy's noise in a compiled function, and one key for two draws
import jax
import jax.numpy as jnp
import numpy as np


@jax.jit
def corrupt(x, key):
    keep = jax.random.bernoulli(key, 0.9, x.shape)  # or: KS101
    scale = jax.random.uniform(key, x.shape)  # expect: KS101
    return jnp.where(keep, x * scale, 0.0) + np.random.rand(*x.shape)  # expect: KS501


def main():
    np.random.seed(1)
    key = jax.random.key(1)
    x = jnp.ones((3, 4))
    for i in range(3):
        x = corrupt(x, jax.random.fold_in(key, i))  # or: KS101|KS501
    print(x)


if __name__ == "__main__":
    main()
