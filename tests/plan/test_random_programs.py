"""Programs made at random of nested control flow: the plan's keys are those that were drawn from.

Each draw of a program also reports its key through a callback. That is an effect, beside the key's path,
so the slice must be without it; what it reports when the program runs is what the plan has to say.
"""

import random
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import keystream as ks

Program = Callable[[Any, Any], Any]  # of a key and a scalar, a scalar

reported: set[tuple[int, ...]] = set()


def report(words: Any) -> None:
    for row in np.asarray(words).reshape(-1, np.shape(words)[-1]):
        reported.add(tuple(row.tolist()))


def draw(key: Any, x: Any) -> Any:
    jax.debug.callback(report, jax.random.key_data(key))
    return x + jax.random.normal(key)


def sequence(one: Program, other: Program) -> Program:
    def program(key, x):
        a, b = jax.random.split(key)
        return other(b, one(a, x))

    return program


def folded(inner: Program, _: Program) -> Program:
    return lambda key, x: inner(jax.random.fold_in(key, jnp.int32(3)), x)


def legacy(inner: Program, _: Program) -> Program:
    def program(key, x):
        words = jax.random.split(jax.random.wrap_key_data(jax.random.key_data(key)), 3)[2]
        return inner(words, x)

    return program


def scanned(inner: Program, _: Program) -> Program:
    def program(key, x):
        def body(carry, _):
            key, x = carry
            key, sub = jax.random.split(key)
            return (key, inner(sub, x)), x

        return jax.lax.scan(body, (key, x), None, length=3)[0][1]

    return program


def scanned_over_keys(inner: Program, _: Program) -> Program:
    def program(key, x):
        keys = jax.random.split(key, 2)
        return jax.lax.scan(lambda x, key: (inner(key, x), None), x, keys, reverse=True)[0]

    return program


def counted(inner: Program, _: Program) -> Program:
    def program(key, x):
        def body(state):
            i, x = state
            return i + 1, inner(jax.random.fold_in(key, i), x)

        end = jnp.where(x > 1e9, 1, 3)
        return jax.lax.while_loop(lambda state: state[0] < end, body, (0, x))[1]

    return program


def either(one: Program, other: Program) -> Program:
    def program(key, x):
        which = jax.random.key_data(key)[-1] % 2 == 0
        return jax.lax.cond(which, one, other, key, x)

    return program


def jitted(inner: Program, _: Program) -> Program:
    return jax.jit(inner)


def rematerialised(inner: Program, _: Program) -> Program:
    return jax.checkpoint(inner)


def mapped(inner: Program, _: Program) -> Program:
    def program(key, x):
        return jax.lax.map(lambda key: inner(key, x), jax.random.split(key, 2)).sum()

    return program


def batched(inner: Program, _: Program) -> Program:
    def program(key, x):
        return jax.vmap(inner, in_axes=(0, None))(jax.random.split(key, 2), x).sum()

    return program


def differentiated(inner: Program, _: Program) -> Program:
    def program(key, x):
        return jax.value_and_grad(lambda x: jnp.sin(inner(key, x)))(x)[0]

    return program


SMOOTH = (sequence, folded, legacy, scanned, scanned_over_keys, either, jitted, mapped)
EVERY = (*SMOOTH, counted)  # of a while loop there is no reverse derivative
# Under vmap a while loop runs for lanes that have ended, and a cond is a select: what runs then is
# more than what counts. A rematerialised callback may be dropped by JAX.
PLAIN = (sequence, folded, legacy, scanned, scanned_over_keys, jitted, mapped)


def program(choose: random.Random, depth: int, kinds: Any = EVERY) -> Program:
    if depth == 0:
        return draw
    kind = choose.choice((*kinds, batched, differentiated) if kinds is EVERY else kinds)
    below = {batched: PLAIN, differentiated: SMOOTH}.get(kind, kinds)
    return kind(program(choose, depth - 1, below), program(choose, depth - 1, below))


@pytest.mark.parametrize("seed", range(30))
def test_the_keys_of_a_plan_are_those_that_the_program_draws_from(seed: int) -> None:
    function = program(random.Random(seed), 4)
    key, x = jax.random.key(seed), jnp.float32(0.5)
    plan = ks.plan(function, key, x)
    assert not any(site.unseen for site in plan.draws)
    reported.clear()
    keys = plan.keys(key, x)
    jax.effects_barrier()
    assert reported == set()
    jax.block_until_ready(jax.jit(function)(key, x))
    jax.effects_barrier()
    planned = {tuple(row) for value in keys.values() for row in value.reshape(-1, 2).tolist()}
    assert planned == reported


@pytest.mark.parametrize("seed", range(8))
def test_rematerialised_programs_plan_the_same_keys_as_plain_ones(seed: int) -> None:
    inner = program(random.Random(seed), 3, SMOOTH)
    key, x = jax.random.key(seed), jnp.float32(0.5)

    def keys(function):
        value_and_grad = jax.value_and_grad(lambda x: function(key, x))
        plan = ks.plan(value_and_grad, x)
        return {tuple(row) for v in plan.keys(x).values() for row in v.reshape(-1, 2).tolist()}

    assert keys(rematerialised(inner, inner)) == keys(inner)
