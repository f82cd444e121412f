# about: two functions that each use their key twice
import jax
import jax.numpy as jnp


def make_data(key, n):
    x = jax.random.normal(key, (n, 2))  # or a: KS101
    y = jax.random.bernoulli(key, 0.5, (n,))  # expect a: KS101
    return x, y


def make_params(key):
    w = jax.random.normal(key, (2, 4))  # or b: KS101
    v = jax.random.normal(key, (4,))  # expect b: KS101
    return w, v


def main():
    data_key, model_key = jax.random.split(jax.random.key(8))
    x, y = make_data(data_key, 6)  # or a: KS101
    w, v = make_params(model_key)  # or b: KS101
    print(jnp.mean((jnp.tanh(x @ w) @ v - y) ** 2))


if __name__ == "__main__":
    main()
