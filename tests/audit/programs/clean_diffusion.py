"""Training and ancestral sampling of a diffusion model."""

import jax
import jax.numpy as jnp


@jax.jit
def train(w, x, key):
    k_t, k_noise = jax.random.split(key)
    t = jax.random.uniform(k_t, (x.shape[0], 1))
    noise = jax.random.normal(k_noise, x.shape)
    return w - 0.1 * jax.grad(lambda w: jnp.mean(((x + t * noise) @ w - noise) ** 2))(w)


@jax.jit
def sample(w, key):
    key, k_init = jax.random.split(key)

    def body(i, carry):
        x, key = carry
        key, sub = jax.random.split(key)
        return x - 0.1 * x @ w + 0.01 * jax.random.normal(sub, x.shape), key

    return jax.lax.fori_loop(0, 5, body, (jax.random.normal(k_init, (4, 2)), key))[0]


key, w, x = jax.random.key(0), jnp.zeros((2, 2)), jnp.ones((8, 2))
for step in range(3):
    w = train(w, x, jax.random.fold_in(key, step))
print(sample(w, jax.random.fold_in(key, 3)))
