"""Sums of gradients over the parts of a batch, known by their structure: one key for all is a mistake."""

import jax
import jax.numpy as jnp


def f(w, x, k):
    return jnp.sum((w * x + jax.random.normal(k, x.shape)) ** 2)


def summed_by_scan(w, xs, k):
    def body(g, x):
        return g + jax.grad(f)(w, x, k), None

    return jax.lax.scan(body, jnp.zeros_like(w), xs)[0]  # KS304


def summed_beside_a_count(w, xs, k):
    def body(c, x):
        g, n = c
        g = jax.tree.map(jnp.add, g, jax.grad(f)(w, x, k))
        return (g, n + 1), None

    return jax.lax.scan(body, (jnp.zeros_like(w), 0), xs)[0]  # KS304


def summed_by_fori(w, xs, k):
    return jax.lax.fori_loop(0, 4, lambda i, g: g + jax.grad(f)(w, xs[i], k), w)  # KS304


def summed_in_python(w, xs, k):
    g = jnp.zeros_like(w)
    for x in xs:
        g = g + jax.grad(f)(w, x, k)  # KS304
    return g


def trained_by_scan(w, xs, k):
    def body(w, x):
        return w - jax.grad(f)(w, x, k), None

    return jax.lax.scan(body, w, xs)[0]  # KS203


def trained_in_python(w, xs, k):
    for x in xs:
        w = w - jax.grad(f)(w, x, k)  # KS201
    return w


def folded_by_scan(w, xs, k):
    def body(g, part):
        i, x = part
        return g + jax.grad(f)(w, x, jax.random.fold_in(k, i)), None

    return jax.lax.scan(body, jnp.zeros_like(w), (jnp.arange(4), xs))[0]


def inside_of_one_gradient(w, xs, k):
    def total(w):
        return sum(f(w, x, k) for x in xs)  # KS201

    return jax.grad(total)(w)
