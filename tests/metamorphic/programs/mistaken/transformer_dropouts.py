# about: the attention and the feed-forward part of a block drop with one key
import jax
import jax.numpy as jnp


def dropout(key, x, rate):
    keep = jax.random.bernoulli(key, 1 - rate, x.shape)  # or: KS101
    return jnp.where(keep, x / (1 - rate), 0.0)


def attention(params, x, key):
    q, k, v = (x @ params[name] for name in ("q", "k", "v"))
    weights = jax.nn.softmax(q @ k.T / x.shape[-1] ** 0.5)
    return dropout(key, weights @ v, 0.1)  # or: KS101


def feed_forward(params, x, key):
    return dropout(key, jax.nn.gelu(x @ params["up"]) @ params["down"], 0.1)  # or: KS101


@jax.jit
def block(params, x, key):
    x = x + attention(params, x, key)  # or: KS101
    return x + feed_forward(params, x, key)  # expect: KS101


def main():
    init_key, root = jax.random.split(jax.random.key(73))
    names = ("q", "k", "v", "up", "down")
    keys = jax.random.split(init_key, len(names))
    params = {n: 0.1 * jax.random.normal(k, (8, 8)) for n, k in zip(names, keys)}
    x = jnp.ones((4, 8))
    for layer in range(2):
        x = block(params, x, jax.random.fold_in(root, layer))  # or: KS101
    print(x.sum())


if __name__ == "__main__":
    main()
