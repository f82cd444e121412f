# about: lax.map over examples closes over one key
import jax
import jax.numpy as jnp


def main():
    key = jax.random.key(79)
    xs = jnp.ones((6, 3))

    def perturb(x):
        return x * jax.random.uniform(key, x.shape)  # expect: KS203

    ys = jax.lax.map(perturb, xs)  # or: KS203
    print(ys.std(0))


if __name__ == "__main__":
    main()
