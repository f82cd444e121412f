"""A scan that trains hands on the key that it was given, and not the next one."""

import jax
import jax.numpy as jnp


def body(carry, x):
    w, key = carry
    next_key, noise_key = jax.random.split(key)

    def loss(w):
        return ((w * (x + jax.random.normal(noise_key, x.shape))) ** 2).mean()

    value, slope = jax.value_and_grad(loss)(w)
    return (w - 0.1 * slope, key), value


@jax.jit
def train(w, key, xs):
    (w, key), losses = jax.lax.scan(body, (w, key), xs)  # -> KS203
    return w, losses


print(train(jnp.ones(3), jax.random.key(0), jnp.ones((4, 3))))
