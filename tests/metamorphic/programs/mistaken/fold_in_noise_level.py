# about: noise levels below one are folded in and all become 0
import jax
import jax.numpy as jnp


@jax.jit
def corrupt(x, sigma, key):
    return x + sigma * jax.random.normal(key, x.shape)  # or: KS109|KS201|KS203


key = jax.random.key(15)
x = jnp.ones((4, 4))
for sigma in (0.1, 0.25, 0.5, 0.9):  # or: KS109|KS201|KS203
    level_key = jax.random.fold_in(key, sigma)  # expect: KS109|KS201|KS203
    y = corrupt(x, sigma, level_key)  # or: KS109|KS201|KS203
    print(sigma, float(y.std()))
