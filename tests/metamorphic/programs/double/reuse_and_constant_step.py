# about: two draws of one key, and a step whose key never changes
import jax
import jax.numpy as jnp


@jax.jit
def step(w, x, key):
    keep = jax.random.bernoulli(key, 0.5, x.shape)  # or: KS201|KS203
    return w + 0.1 * jnp.where(keep, x, 0.0).mean(0)


data_key, train_key = jax.random.split(jax.random.key(0))
x = jax.random.normal(data_key, (16, 3))  # or: KS101
noise = jax.random.normal(data_key, (16, 3))  # expect: KS101
w = jnp.zeros(3)
for _ in range(4):  # or: KS201|KS203
    w = step(w, x + 0.1 * noise, train_key)  # expect: KS201|KS203
print(w)
