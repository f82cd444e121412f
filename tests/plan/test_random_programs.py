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


def one_shard(inner: Program, _: Program) -> Program:
    mesh = jax.make_mesh((1,), ("shard",))
    specs = jax.sharding.PartitionSpec()
    return jax.shard_map(inner, mesh=mesh, in_specs=specs, out_specs=specs, check_vma=False)


def with_a_tangent(inner: Program, _: Program) -> Program:
    """Under ``custom_jvp``, and linear in x beyond what it draws."""

    def program(key, x):
        function = jax.custom_jvp(inner)
        function.defjvp(lambda primals, tangents: (function(*primals), tangents[1]))
        return function(key, x)

    return program


def with_a_backward_pass(inner: Program, _: Program) -> Program:
    def program(key, x):
        function = jax.custom_vjp(inner)
        function.defvjp(
            lambda key, x: (inner(key, x), None), lambda _, cotangent: (None, cotangent)
        )
        return function(key, x)

    return program


def with_a_batching_rule(inner: Program, _: Program) -> Program:
    return jax.custom_batching.sequential_vmap(inner)


def linearised(inner: Program, _: Program) -> Program:
    def program(key, x):
        return jax.linearize(lambda x: inner(key, x), x)[0]

    return program


def two_shards(inner: Program, _: Program) -> Program:
    """Each with a key of its own, on a mesh that makes the sharding of arrays part of their type."""
    mesh = jax.make_mesh((2,), ("shard",), axis_types=(jax.sharding.AxisType.Explicit,))
    specs = jax.sharding.PartitionSpec()

    def program(key, x):
        def on_shard(key, x):
            own = jax.random.fold_in(key, jax.lax.axis_index("shard"))
            return jax.lax.pmean(inner(own, x), "shard")

        return jax.shard_map(on_shard, mesh=mesh, in_specs=specs, out_specs=specs, check_vma=False)(
            key, x
        )

    return program


def repeated(inner: Program, _: Program) -> Program:
    return lambda key, x: jax.lax.fori_loop(0, 2, lambda i, x: inner(key, x), x)


def on_this_platform(inner: Program, _: Program) -> Program:
    return lambda key, x: jax.lax.platform_dependent(key, x, default=inner)


SMOOTH = (
    *(sequence, folded, legacy, scanned, scanned_over_keys, either, jitted, mapped),
    *(with_a_tangent, with_a_backward_pass, linearised, one_shard, on_this_platform),
)
EVERY = (*SMOOTH, counted, with_a_batching_rule)  # of a while loop there is no reverse derivative
# Under vmap a while loop runs for lanes that have ended, and a cond is a select: what runs then is
# more than what counts. A rematerialised callback may be dropped by JAX.
PLAIN = (sequence, folded, legacy, scanned, scanned_over_keys, jitted, mapped)
# Every way of JAX's to run a function that was traced; each is given one that takes its key from
# around it, in place of one that is handed its key.
HOLDERS = (
    jitted,
    rematerialised,
    scanned,
    scanned_over_keys,
    mapped,
    batched,
    counted,
    repeated,
    either,
    differentiated,
    linearised,
    with_a_tangent,
    with_a_backward_pass,
    with_a_batching_rule,
    one_shard,
    two_shards,
    on_this_platform,
)
# A while loop has no reverse derivative, and custom_vmap none at all; of the other two JAX can't
# differentiate one that closes over a tracer.
NOT_DIFFERENTIABLE = (counted, with_a_batching_rule, with_a_tangent, with_a_backward_pass)
DIFFERENTIABLE = tuple(holder for holder in HOLDERS if holder not in NOT_DIFFERENTIABLE)


def closed_over(holder: Callable[[Program, Program], Program], inner: Program) -> Program:
    """What `holder` makes of a function that takes no key, but finds it in the scope around it."""

    def program(key, x):
        def closure(_, x):
            return inner(key, x)

        return holder(closure, closure)(jax.random.fold_in(key, 11), x)

    return program


def words_of(keys: dict[str, Any]) -> set[tuple[int, ...]]:
    return {tuple(row) for value in keys.values() for row in value.reshape(-1, 2).tolist()}


def drawn_from(function: Callable[..., Any], *args: Any) -> set[tuple[int, ...]]:
    """The keys that a compiled call reports."""
    reported.clear()
    jax.block_until_ready(jax.jit(function)(*args))
    jax.effects_barrier()
    return set(reported)


def few(count: int) -> list[Any]:
    """Seeds, of which all but the first three are of the whole suite alone."""
    return [pytest.param(n, marks=[pytest.mark.slow] if n > 2 else []) for n in range(count)]


def program(choose: random.Random, depth: int, kinds: Any = EVERY) -> Program:
    if depth == 0:
        return draw
    kind = choose.choice((*kinds, batched, differentiated) if kinds is EVERY else kinds)
    below = {batched: PLAIN, differentiated: SMOOTH}.get(kind, kinds)
    return kind(program(choose, depth - 1, below), program(choose, depth - 1, below))


@pytest.mark.parametrize(
    "outer",
    [
        jitted,
        pytest.param(rematerialised, marks=pytest.mark.slow),
        pytest.param(scanned, marks=pytest.mark.slow),
    ],
    ids=lambda holder: holder.__name__,
)
@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: holder.__name__)
def test_a_key_that_is_closed_over_is_planned_as_one_that_is_given(holder, outer) -> None:
    """As a tracer of the program around it, and as a constant of the program."""
    function = closed_over(outer, closed_over(holder, draw))
    key, x = jax.random.key(5), jnp.float32(0.5)
    expected = drawn_from(function, key, x)
    assert expected
    for plan, args in (
        (ks.plan(function, key, x), (key, x)),
        (ks.plan(lambda x: function(key, x), x), (x,)),
    ):
        assert not any(site.unseen for site in plan.draws)
        assert words_of(plan.keys(*args)) == expected


@pytest.mark.parametrize("outer", [jitted, rematerialised], ids=lambda holder: holder.__name__)
@pytest.mark.parametrize("holder", DIFFERENTIABLE, ids=lambda holder: holder.__name__)
def test_a_key_closed_over_by_what_is_differentiated_is_planned(holder, outer) -> None:
    """JAX rewrites what it differentiates into other calls than those that were written."""
    function = closed_over(outer, closed_over(holder, draw))
    key, x = jax.random.key(5), jnp.float32(0.5)
    expected = drawn_from(function, key, x)

    def of_given(key, x):
        return jax.value_and_grad(lambda x: jnp.sin(function(key, x)))(x)

    for plan, args in (
        (ks.plan(of_given, key, x), (key, x)),
        (ks.plan(lambda x: of_given(key, x), x), (x,)),
    ):
        assert not any(site.unseen for site in plan.draws)
        assert words_of(plan.keys(*args)) == expected


@pytest.mark.parametrize("seed", few(30))
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
    assert words_of(keys) == reported


def as_it_is(inner: Program, _: Program) -> Program:
    return inner


@pytest.mark.parametrize("seed", few(12))
def test_rematerialised_programs_plan_the_same_keys_as_plain_ones(seed: int) -> None:
    def made_with(kind: Callable[[Program, Program], Program]) -> Program:
        return program(random.Random(seed), 4, (*SMOOTH, kind, kind, kind))

    key, x = jax.random.key(seed), jnp.float32(0.5)

    def keys(function: Program) -> set[tuple[int, ...]]:
        value_and_grad = jax.value_and_grad(lambda x: function(key, x))
        plan = ks.plan(value_and_grad, x)
        assert not any(site.unseen for site in plan.draws)
        return words_of(plan.keys(x))

    inside = made_with(rematerialised)
    assert keys(rematerialised(inside, inside)) == keys(made_with(as_it_is))
