"""The parent is drawn from after its children were handed out."""

import jax

key = jax.random.PRNGKey(4)
first, second = jax.random.split(key)
a = jax.random.normal(first, (3,))
b = jax.random.normal(second, (3,))
c = jax.random.normal(key, (3,))  # -> KS102
print(float((a + b + c).sum()))
