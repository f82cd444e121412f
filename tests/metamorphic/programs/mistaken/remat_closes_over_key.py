# about: a compiled step checkpoints a block that closes over the module's key
import jax
import jax.numpy as jnp

KEY = jax.random.key(5)


def block(w, x):
    h = jnp.tanh(x @ w)
    keep = jax.random.bernoulli(KEY, 0.8, h.shape)  # expect: KS503|KS201
    return jnp.where(keep, h / 0.8, 0.0)


def loss(w, x):
    return jnp.sum(jax.checkpoint(block)(w, x) ** 2)  # or: KS503|KS201


@jax.jit
def step(w, x):
    return w - 0.1 * jax.grad(loss)(w, x)  # or: KS503|KS201


w = jnp.eye(4)
for i in range(4):
    w = step(w, jnp.full((2, 4), 1.0 + i))  # or: KS503|KS201
print(w.trace())
