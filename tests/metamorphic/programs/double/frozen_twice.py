# about: two loops, each with a key of its own that never changes
import jax
import jax.numpy as jnp


@jax.jit
def pretrain(w, key):
    return w + 0.1 * jax.random.normal(key, w.shape)  # or a: KS201|KS203


@jax.jit
def finetune(w, key):
    return w * jax.random.bernoulli(key, 0.9, w.shape)  # or b: KS201|KS203


first, second = jax.random.split(jax.random.key(7))
w = jnp.ones(6)
for _ in range(4):  # or a: KS201|KS203
    w = pretrain(w, first)  # expect a: KS201|KS203
for _ in range(3):  # or b: KS201|KS203
    w = finetune(w, second)  # expect b: KS201|KS203
print(w)
