# about: ten times the epoch plus the step meets the next epoch after ten steps
import jax
import jax.numpy as jnp


@jax.jit
def step(w, key):
    return 0.9 * w + jax.random.normal(key, w.shape)  # or: KS109|KS201|KS101|KS204


root = jax.random.key(86)
w = jnp.zeros(3)
for epoch in range(3):  # or: KS109|KS201|KS101|KS204
    for i in range(12):  # or: KS109|KS201|KS101|KS204
        step_key = jax.random.fold_in(root, 10 * epoch + i)  # expect: KS109|KS201|KS101|KS204
        w = step(w, step_key)  # or: KS109|KS201|KS101|KS204
print(w)
