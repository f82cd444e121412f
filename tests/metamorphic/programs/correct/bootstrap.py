# about: a bootstrap with a key for each resample
import jax
import jax.numpy as jnp


def resample_mean(key, data):
    index = jax.random.choice(key, len(data), (len(data),))
    return data[index].mean()


data_key, key = jax.random.split(jax.random.key(31))
data = jax.random.exponential(data_key, (50,))
means = jnp.stack([resample_mean(k, data) for k in jax.random.split(key, 10)])
print(means.mean(), means.std())
