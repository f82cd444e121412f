"""Draws of which each turn of a `scan` makes one figure, of what the turns change: an evaluation."""

import jax
import jax.numpy as jnp
import pytest

import keystream as ks

KEY, OTHER = jax.random.split(jax.random.key(0))


def trained(w, key):
    return w - 0.1 * jax.grad(lambda w: jnp.mean((w + jax.random.normal(key, (8, 3))) ** 2))(w)


def noise(key, *shape):
    return jax.random.uniform(key, shape)


def measured(turn):
    """Whether the uniform draw in the turns of a scan over keys is measured."""
    plan = ks.plan(
        lambda w, keys: jax.lax.scan(turn, w, keys), jnp.ones(3), jax.random.split(KEY, 4)
    )
    (found,) = (site for site in plan.sites if site.distribution == "uniform")
    return "measured" in found.flags


def loss(w, key):
    return jnp.mean((w + noise(key, 8, 3)) ** 2)


MEASURED = {
    "a loss after the step": lambda w, k: (trained(w, k), loss(trained(w, k), OTHER)),
    "in a compiled function": lambda w, k: (trained(w, k), jax.jit(loss)(w, OTHER)),
    "of a batch of draws": lambda w, k: (
        trained(w, k),
        jax.vmap(lambda key: loss(w, key))(jax.random.split(OTHER, 5)).mean(),
    ),
    "two figures": lambda w, k: (trained(w, k), (loss(w, OTHER), jnp.sum(w))),
}
MORE = {
    "it trains": lambda w, k: (w - noise(OTHER, 3), jnp.sum(w)),
    "what is put out is no figure": lambda w, k: (trained(w, k), w + noise(OTHER, 3)),
    "noise on a figure": lambda w, k: (trained(w, k), w[0] + noise(OTHER)),
    "of nothing that changes": lambda w, k: (w, loss(jnp.ones(3), OTHER)),
    "of what stays as it is": lambda w, k: (w, loss(w, OTHER)),
    "its key is the turn's": lambda w, k: (trained(w, k), loss(w, k)),
    "nothing is made of it": lambda w, k: (trained(w, k), jnp.sum(w) + 0 * noise(OTHER, 3).size),
}


@pytest.mark.parametrize("turn", MEASURED.values(), ids=MEASURED)
def test_one_figure_a_turn_of_what_the_turns_change_is_measured(turn):
    assert measured(turn)


@pytest.mark.parametrize("turn", MORE.values(), ids=MORE)
def test_anything_else_is_not(turn):
    assert not measured(turn)
