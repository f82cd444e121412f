# about: vmap broadcasts the key of the noise over the batch
import jax
import jax.numpy as jnp


def noisy(x, key):
    noise = 0.1 * jax.random.normal(key, x.shape)  # or: KS303
    return jnp.tanh(x + noise)


@jax.jit
def batch_loss(xs, key):
    return jax.vmap(noisy, in_axes=(0, None))(xs, key).mean()  # expect: KS303


def main():
    root = jax.random.key(16)
    xs = jnp.ones((6, 3))
    for step in range(3):
        print(float(batch_loss(xs, jax.random.fold_in(root, step))))  # or: KS303


if __name__ == "__main__":
    main()
