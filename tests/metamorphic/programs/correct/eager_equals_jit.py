# about: a jitted function is compared with the same one uncompiled, by one key
import jax
import jax.numpy as jnp
import numpy as np


def noisy_layer(w, x, key):
    h = jnp.tanh(x @ w)
    return jnp.where(jax.random.bernoulli(key, 0.5, h.shape), h, 0.0)


w_key, x_key, key = jax.random.split(jax.random.key(31), 3)
w = jax.random.normal(w_key, (3, 3))
x = jax.random.normal(x_key, (4, 3))
slow = noisy_layer(w, x, key)
fast = jax.jit(noisy_layer)(w, x, key)
np.testing.assert_allclose(slow, fast, rtol=1e-5)
print("equal")
