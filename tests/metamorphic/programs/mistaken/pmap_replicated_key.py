# about: the key of dropout is replicated to all devices
import jax
import jax.numpy as jnp

jax.config.update("jax_num_cpu_devices", 4)


def loss(w, x, key):
    keep = jax.random.bernoulli(key, 0.5, x.shape)  # or: KS301
    return jnp.mean((jnp.where(keep, x, 0.0) @ w) ** 2)


def update(w, x, key):
    grads = jax.lax.pmean(jax.grad(loss)(w, x, key), "devices")  # or: KS301
    return w - 0.1 * grads


p_update = jax.pmap(update, axis_name="devices", in_axes=(0, 0, None))  # or: KS301
key, w_key, x_key = jax.random.split(jax.random.key(0), 3)
w = jnp.broadcast_to(jax.random.normal(w_key, (3,)), (4, 3))
x = jax.random.normal(x_key, (4, 5, 3))
for step in range(3):
    key, step_key = jax.random.split(key)
    w = p_update(w, x, step_key)  # expect: KS301
print(w[0])
