# about: NumPy's generator is seeded by the seed and the step; keys are made of what it gives
import jax
import jax.numpy as jnp
import numpy as np


@jax.jit
def augment(x, key):
    return x + 0.1 * jax.random.normal(key, x.shape)


seed = 17
x = jnp.ones((4, 3))
for step in range(4):
    rng = np.random.default_rng([seed, step])
    key = jax.random.key(rng.integers(2**31))
    x = augment(x, key)
print(x)
