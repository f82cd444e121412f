# about: NumPy's noise is drawn once, while JAX traces
import jax
import jax.numpy as jnp
import numpy as np

np.random.seed(0)


@jax.jit
def step(w, x):
    x = x + np.random.normal(size=x.shape) * 0.1  # expect: KS501
    return w - 0.1 * (w - x.mean(0))


w = jnp.zeros(3)
for i in range(4):
    w = step(w, jnp.full((5, 3), float(i)))  # or: KS501
print(w)
