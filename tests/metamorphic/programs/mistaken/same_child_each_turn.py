# about: the root is split in each turn and never replaced, so its child is the same
import jax
import jax.numpy as jnp


@jax.jit
def step(w, key):
    return 0.9 * w + jax.random.normal(key, w.shape)  # or: KS201|KS203


def main():
    rng = jax.random.key(71)
    w = jnp.zeros(4)
    for _ in range(5):  # or: KS201|KS203
        _, step_rng = jax.random.split(rng)  # expect: KS201|KS203
        w = step(w, step_rng)  # or: KS201|KS203
    print(w)


if __name__ == "__main__":
    main()
