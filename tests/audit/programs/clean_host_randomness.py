"""NumPy shuffles the data on the host, a callback draws at run time, nothing is traced."""

import jax
import jax.numpy as jnp
import numpy as np

rng = np.random.default_rng(0)
data = np.arange(12.0, dtype=np.float32)


@jax.jit
def noisy(x):
    noise = jax.pure_callback(
        lambda: rng.normal(size=3).astype(np.float32), jax.ShapeDtypeStruct((3,), jnp.float32)
    )
    return x + noise


for _ in range(3):
    rng.shuffle(data)
    print(noisy(jnp.asarray(data[:3])))
