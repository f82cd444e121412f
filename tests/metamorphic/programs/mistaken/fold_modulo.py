# about: the step is folded in modulo a short period
import jax
import jax.numpy as jnp

PERIOD = 6


@jax.jit
def step(w, key):
    return 0.9 * w + jax.random.normal(key, w.shape)  # or: KS201|KS109|KS204|KS203


key = jax.random.key(14)
w = jnp.zeros(5)
for i in range(20):  # or: KS201|KS109|KS204|KS203
    step_key = jax.random.fold_in(key, i % PERIOD)  # expect: KS201|KS109|KS204|KS203
    w = step(w, step_key)  # or: KS201|KS109|KS204|KS203
print(w)
