"""The validation loss is measured with the same noise in every epoch, so that epochs compare."""

import jax
import jax.numpy as jnp

key, k_val = jax.random.split(jax.random.key(0))


@jax.jit
def train_step(w, key):
    return w - 0.1 * jax.grad(lambda w: jnp.mean((w + jax.random.normal(key, w.shape)) ** 2))(w)


@jax.jit
def validation_loss(w, key):
    return jnp.mean((w + jax.random.normal(key, w.shape)) ** 2)


w = jnp.ones(3)
for _ in range(3):
    key, sub = jax.random.split(key)
    w = train_step(w, sub)
    val_loss = validation_loss(w, k_val)
print(val_loss)
