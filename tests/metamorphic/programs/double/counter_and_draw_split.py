# about: the counter begins again in each epoch, and a key is drawn from and split
import jax
import jax.numpy as jnp


@jax.jit
def step(w, key):
    return 0.9 * w + jax.random.normal(key, w.shape)  # or: KS204|KS201|KS203


key = jax.random.key(12)
w = jax.random.normal(key, (4,))  # or: KS102
key, root = jax.random.split(key)  # expect: KS102
for epoch in range(3):  # or: KS204|KS201|KS203
    for i in range(5):
        step_key = jax.random.fold_in(root, i)  # expect: KS204|KS201|KS203
        w = step(w, step_key)  # or: KS204|KS201|KS203
print(w)
