# about: keys are split before and scanned over
import jax
import jax.numpy as jnp


@jax.jit
def simulate(key, x):
    def body(x, key):
        x = 0.9 * x + jax.random.normal(key, x.shape)
        return x, x.mean()

    return jax.lax.scan(body, x, jax.random.split(key, 12))


def main():
    key = jax.random.key(3)
    x = jnp.zeros(4)
    for block in range(3):
        x, means = simulate(jax.random.fold_in(key, block), x)
        print(block, means.std())


if __name__ == "__main__":
    main()
