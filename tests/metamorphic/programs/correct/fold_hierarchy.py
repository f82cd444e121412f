# about: epoch, then step, then purpose are folded in
import jax
import jax.numpy as jnp


@jax.jit
def step(w, x, key):
    drop_key = jax.random.fold_in(key, 0)
    noise_key = jax.random.fold_in(key, 1)
    keep = jax.random.bernoulli(drop_key, 0.9, x.shape)
    noise = 0.01 * jax.random.normal(noise_key, w.shape)
    return w + 0.1 * (jnp.where(keep, x, 0.0).mean(0) - w) + noise


root = jax.random.key(30)
w = jnp.zeros(3)
data = jnp.arange(36.0).reshape(3, 4, 3) / 36
for epoch in range(3):
    epoch_key = jax.random.fold_in(root, epoch)
    for i, x in enumerate(data):
        w = step(w, x, jax.random.fold_in(epoch_key, i))
print(w)
