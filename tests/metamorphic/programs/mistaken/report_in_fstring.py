# about: the loss and the logits come from one key; both are printed, one through a comparison
import jax
import jax.numpy as jnp


def loss_fn(w, x, key):
    mask = jax.random.bernoulli(key, 0.8, x.shape)  # or: KS101
    return jnp.mean(((x * mask) @ w) ** 2)


def logits_fn(w, x, key):
    noise = 0.1 * jax.random.normal(key, x.shape)  # or: KS101
    return (x + noise) @ w


key = jax.random.key(3)
x = jnp.ones((6, 4))
w = jnp.full((4, 2), 0.5)
y = jnp.zeros(6, int)
loss = loss_fn(w, x, key)  # or: KS101
logits = logits_fn(w, x, key)  # expect: KS101
print(f"{loss} {(logits.argmax(-1) == y).mean()}")
