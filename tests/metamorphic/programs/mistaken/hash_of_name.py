# about: the hash of a layer's name is salted in each process
import jax
import jax.numpy as jnp


def init_layer(root, name, shape):
    key = jax.random.fold_in(root, hash(name) % 2**31)  # expect: KS502
    return jax.random.normal(key, shape) / shape[0] ** 0.5  # or: KS502


def main():
    root = jax.random.key(0)
    params = {name: init_layer(root, name, (4, 4)) for name in ("encoder", "decoder")}  # or: KS502
    x = jnp.ones(4)
    for w in params.values():
        x = jnp.tanh(x @ w)
    print(x)


if __name__ == "__main__":
    main()
