# about: a jitted step draws with a key that never changes; the learning rate depends on a comparison
import jax
import jax.numpy as jnp


@jax.jit
def step(w, key, lr):
    noise = jax.random.normal(key, w.shape)  # or: KS201|KS203
    return w - lr * (w + 0.1 * noise)


key = jax.random.key(0)
w = jnp.ones(8)
for i in range(5):  # or: KS201|KS203
    w = step(w, key, 0.1 if i == 0 else 1.0)  # expect: KS201|KS203
print(w)
