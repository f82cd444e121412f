# about: the key is made of a constant seed in the loop over batches
import jax
import jax.numpy as jnp


@jax.jit
def jitter(x, key):
    return x + 0.05 * jax.random.uniform(key, x.shape, minval=-1.0)  # or: KS106|KS201|KS203


data = jnp.arange(24.0).reshape(4, 3, 2)
batches = []
for x in data:  # or: KS106|KS201|KS203
    key = jax.random.PRNGKey(0)  # expect: KS106|KS201|KS203
    batches.append(jitter(x, key))  # or: KS106|KS201|KS203
print(jnp.stack(batches).shape)
