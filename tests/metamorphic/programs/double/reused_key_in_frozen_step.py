# about: a step draws twice from its key, and the key is the same at each step
import jax
import jax.numpy as jnp


def perturb(w, key):
    w = w + 0.01 * jax.random.normal(key, w.shape)  # or: KS101
    return w * jax.random.bernoulli(key, 0.99, w.shape)  # expect: KS101


def main():
    step = jax.jit(perturb)
    key = jax.random.key(50)
    w = jnp.ones((4, 4))
    for _ in range(5):  # or: KS201|KS203
        w = step(w, key)  # expect: KS201|KS203
    print(w.sum())


if __name__ == "__main__":
    main()
