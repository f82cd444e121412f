"""Turns of a scan that make a figure of what they change, and hand nothing of it on."""

import jax
import jax.numpy as jnp


def loss(w, key):
    return jnp.mean((w + jax.random.normal(key, (8, 3))) ** 2)


def step(w, key):
    return w - 0.1 * jax.grad(loss)(w, key)


def after_each_epoch(w, key, held_out):
    def epoch(w, k):
        w = step(w, k)
        return w, loss(w, held_out)

    return jax.lax.scan(epoch, w, jax.random.split(key, 5))  # note: KS203


def in_the_turn_itself(w, key, held_out):
    def epoch(w, k):
        w = step(w, k)
        score = jnp.mean((w + jax.random.normal(held_out, (8, 3))) ** 2)
        return w, score

    return jax.lax.scan(epoch, w, jax.random.split(key, 5))  # note: KS203


def handed_on(w, key, noise):
    def epoch(w, k):
        w = step(w, k) - loss(w, noise)
        return w, jnp.sum(w)

    return jax.lax.scan(epoch, w, jax.random.split(key, 5))  # KS203


def observed(x, key, noise):
    def move(x, k):
        x = 0.9 * x + jax.random.normal(k, x.shape)
        return x, x + jax.random.normal(noise, x.shape)

    return jax.lax.scan(move, x, jax.random.split(key, 5))  # KS203


def each_batch(w, xs, key):
    def batch(count, x):
        return count, loss(w, key) * x

    return jax.lax.scan(batch, 0, xs)  # KS203
