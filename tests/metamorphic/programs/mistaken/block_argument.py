# about: an argument named block; two uses of its key
import jax
import jax.numpy as jnp


def corrupt(block, key):
    keep = jax.random.bernoulli(key, 0.7, block.shape)  # or: KS101
    jitter = 0.05 * jax.random.uniform(key, block.shape)  # expect: KS101
    return jnp.where(keep, block, 0.0) + jitter


blocks = jnp.ones((3, 16))
keys = jax.random.split(jax.random.key(17), 3)
out = [corrupt(block, key) for block, key in zip(blocks, keys)]
print(jnp.stack(out).sum())
