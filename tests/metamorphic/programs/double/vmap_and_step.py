# about: one key for a batch, and the same key at each step elsewhere
import jax
import jax.numpy as jnp


def jitter(x, key):
    return x + 0.1 * jax.random.normal(key, x.shape)  # or: KS303


@jax.jit
def augment(xs, key):
    return jax.vmap(jitter, in_axes=(0, None))(xs, key)  # expect: KS303


@jax.jit
def update(w, xs, key):
    keep = jax.random.bernoulli(key, 0.8, xs.shape)  # or: KS201|KS203
    return w + 0.1 * (jnp.where(keep, xs, 0.0).mean(0) - w)


def main():
    key, drop_key = jax.random.split(jax.random.key(3))
    w, xs = jnp.zeros(3), jnp.ones((4, 3))
    for i in range(4):  # or: KS201|KS203
        batch = augment(xs, jax.random.fold_in(key, i))  # or: KS303
        w = update(w, batch, drop_key)  # expect: KS201|KS203
    print(w)


if __name__ == "__main__":
    main()
