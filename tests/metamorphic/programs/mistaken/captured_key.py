# about: a compiled function draws from a key of the module
import jax
import jax.numpy as jnp

key = jax.random.key(44)


@jax.jit
def dropout(x):
    keep = jax.random.bernoulli(key, 0.5, x.shape)  # expect: KS503|KS201|KS203
    return jnp.where(keep, x * 2, 0.0)


for i in range(3):  # or: KS201|KS203
    print(dropout(jnp.full(6, 1.0 + i)))  # or: KS503|KS201|KS203
