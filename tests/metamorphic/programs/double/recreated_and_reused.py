# about: a key made of a constant in the loop, and two draws from another key
import jax
import jax.numpy as jnp


def init(key):
    w = jax.random.normal(key, (3, 3))  # or: KS101
    b = jax.random.normal(key, (3,))  # expect: KS101
    return w, b


def main():
    w, b = init(jax.random.key(5))  # or: KS101
    x = jnp.ones((4, 3))
    for epoch in range(3):  # or: KS106|KS201|KS203
        key = jax.random.key(6)  # expect: KS106|KS201|KS203
        x = x + 0.1 * jax.random.normal(key, x.shape)  # or: KS106|KS201|KS203
        x = jnp.tanh(x @ w + b)
    print(x)


if __name__ == "__main__":
    main()
