# about: the times and the noise of a diffusion model come from one key
import jax
import jax.numpy as jnp


def denoise(w, x, t):
    return jnp.tanh(jnp.concatenate([x, t[:, None]], axis=1) @ w)


def loss_fn(w, x, key):
    t = jax.random.uniform(key, (len(x),))  # or: KS101
    noise = jax.random.normal(key, x.shape)  # expect: KS101
    noisy = jnp.sqrt(1 - t)[:, None] * x + jnp.sqrt(t)[:, None] * noise
    return jnp.mean((denoise(w, noisy, t) - noise) ** 2)


@jax.jit
def train_step(w, x, key):
    return w - 0.1 * jax.grad(loss_fn)(w, x, key)  # or: KS101


w_key, data_key, root = jax.random.split(jax.random.key(72), 3)
w = 0.1 * jax.random.normal(w_key, (3, 2))
x = jax.random.normal(data_key, (16, 2))
for i in range(4):
    w = train_step(w, x, jax.random.fold_in(root, i))  # or: KS101
print(w)
