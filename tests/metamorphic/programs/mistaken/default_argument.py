# about: a key is a default argument; both callers leave it out
import jax
import jax.numpy as jnp


def add_noise(x, scale=0.1, key=jax.random.key(0)):  # or: KS108|KS201|KS101|KS106|KS203
    return x + scale * jax.random.normal(key, x.shape)  # expect: KS108|KS201|KS101|KS106|KS203


def main():
    x = jnp.ones((3, 4))
    for _ in range(3):  # or: KS108|KS201|KS101|KS106|KS203
        x = add_noise(x)  # or: KS108|KS201|KS101|KS106|KS203
    print(x)


if __name__ == "__main__":
    main()
