# about: a salted hash makes seeds, and a default argument is a key
import jax
import jax.numpy as jnp


def add_noise(x, key=jax.random.key(11)):  # or: KS108|KS201|KS101|KS203
    return x + jax.random.normal(key, x.shape)  # expect: KS108|KS201|KS101|KS203


def main():
    params = {}
    for name in ("up", "down"):
        key = jax.random.key(hash(name) % 1000)  # expect: KS502
        params[name] = jax.random.normal(key, (3, 3))  # or: KS502
    x = jnp.ones(3)
    for w in params.values():  # or: KS108|KS201|KS203
        x = add_noise(x @ w)  # or: KS108|KS201|KS101|KS203
    print(x)


if __name__ == "__main__":
    main()
