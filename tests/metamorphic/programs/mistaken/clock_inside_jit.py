# about: a compiled function takes its seed from the clock, once
import time

import jax
import jax.numpy as jnp


@jax.jit
def noisy(x):
    key = jax.random.key(time.time_ns() % 2**31)  # expect: KS501|KS503|KS502
    return x + jax.random.normal(key, x.shape)  # or: KS501|KS503|KS502


for i in range(3):
    print(noisy(jnp.full(3, float(i))))  # or: KS501|KS503
