# about: the result of a split is thrown away, as if it changed the key
import jax
import jax.numpy as jnp


def init(key):
    w = jax.random.normal(key, (4, 4))  # or: KS101|KS107|KS102
    jax.random.split(key)  # expect: KS107|KS101|KS102
    b = jax.random.normal(key, (4,))  # or: KS101|KS107|KS102
    return w, b


w, b = init(jax.random.key(26))  # or: KS101|KS102
print(jnp.tanh(jnp.ones(4) @ w + b))
