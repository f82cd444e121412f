# about: one key is tiled for all lanes of a vmap
import jax
import jax.numpy as jnp


def sample(key, mean):
    return mean + jax.random.normal(key, mean.shape)  # or: KS101|KS303|KS203


key = jax.random.PRNGKey(80)
keys = jnp.tile(key, (5, 1))  # or: KS101|KS303|KS203
samples = jax.vmap(sample)(keys, jnp.zeros((5, 3)))  # expect: KS101|KS303|KS203
print(samples)
