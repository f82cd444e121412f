# about: checkpointed blocks draw their masks again in the backward pass
import jax
import jax.numpy as jnp


@jax.checkpoint
def block(w, x, key):
    h = jax.nn.relu(x @ w)
    keep = jax.random.bernoulli(key, 0.9, h.shape)
    return x + jnp.where(keep, h / 0.9, 0.0)


def loss(ws, x, key):
    for w, k in zip(ws, jax.random.split(key, len(ws))):
        x = block(w, x, k)
    return jnp.mean(x**2)


step = jax.jit(lambda ws, x, key: ws - 0.01 * jax.grad(loss)(ws, x, key))
ws = 0.1 * jax.random.normal(jax.random.key(1), (3, 4, 4))
root = jax.random.key(2)
for i in range(4):
    ws = step(ws, jnp.ones((2, 4)), jax.random.fold_in(root, i))
print(float(jnp.abs(ws).sum()))
