# about: one key of an epoch both permutes the data and seeds its dropout
import jax
import jax.numpy as jnp


@jax.jit
def train_epoch(w, x, key):
    keep = jax.random.bernoulli(key, 0.8, x.shape)  # or: KS101|KS102
    return w + 0.1 * (jnp.where(keep, x, 0.0).mean(0) - w)


key = jax.random.key(40)
x = jnp.arange(30.0).reshape(10, 3)
w = jnp.zeros(3)
for epoch in range(3):
    key, epoch_key = jax.random.split(key)
    order = jax.random.permutation(epoch_key, len(x))  # or: KS101|KS102
    w = train_epoch(w, x[order], epoch_key)  # expect: KS101|KS102
print(w)
