"""What a plan proves without a run, and what looks like it and is none."""

import re
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest

import keystream as ks

KEY = jax.random.key(0)
X = jnp.ones((4, 3))


def codes(function: Any, *args: Any) -> list[str]:
    return [finding.code for finding in ks.plan(function, *args).findings()]


def test_two_draws_of_one_key_are_found_at_the_second_line() -> None:
    def f(key, x):
        first = jax.random.normal(key, x.shape)
        return x + first * jax.random.uniform(key, x.shape)

    (finding,) = ks.plan(f, KEY, X).findings()
    line = f.__code__.co_firstlineno
    assert finding.code == "KS101"
    assert finding.severity == "error"
    assert finding.message.startswith("normal and uniform drew from one key, first at ")
    assert finding.locations[0].line == line + 2
    assert finding.related[0].line == line + 1
    assert finding.related[0].message == "first used here"
    assert "first_key, second_key = jax.random.split(key)" in finding.fix
    assert finding.lineage == (("key",), ("key",))


def test_one_finding_names_a_key_however_many_draws_use_it() -> None:
    def f(key, x):
        return sum(jax.random.normal(key, x.shape) for _ in range(12))

    (finding,) = ks.plan(f, KEY, X).findings()
    assert finding.code == "KS201"
    assert finding.count == 11


def test_a_key_derived_twice_the_same_way_is_the_same_key() -> None:
    def f(key):
        a, _ = jax.random.split(key)
        b = jax.random.split(key)[0]
        return jax.random.normal(a) + jax.random.normal(b)

    assert codes(f, KEY) == ["KS101"]
    assert codes(jax.jit(f), KEY) == ["KS101"]


def test_one_key_in_two_jitted_functions_is_found() -> None:
    @jax.jit
    def inner(key, x):
        return x * jax.random.bernoulli(key, 0.5, x.shape)

    assert codes(lambda key, x: inner(key, inner(key, x)), KEY, X) == ["KS101"]


def test_one_key_in_a_scans_body_and_before_it_is_found() -> None:
    def f(key, xs):
        first = jax.random.normal(key)
        return jax.lax.scan(lambda c, x: (c, x + jax.random.normal(key)), first, xs)

    assert set(codes(f, KEY, jnp.arange(3.0))) == {"KS101", "KS203"}


def test_a_key_that_is_drawn_from_and_split_is_found() -> None:
    def f(key):
        noise = jax.random.normal(key)
        a, b = jax.random.split(key)
        return noise + jax.random.normal(a) + jax.random.normal(b)

    assert codes(f, KEY) == ["KS102"]


def test_a_child_of_split_that_is_a_child_of_fold_in_is_found() -> None:
    def f(key):
        folded = jax.random.fold_in(key, 1)
        return jax.random.normal(folded) + jax.random.uniform(jax.random.split(key, 3)[1])

    assert codes(f, KEY) == ["KS103"]


def test_other_children_of_split_and_fold_in_are_not_the_same() -> None:
    def f(key):
        folded = jax.random.fold_in(key, 4)
        return jax.random.normal(folded) + jax.random.uniform(jax.random.split(key, 3)[1])

    assert codes(f, KEY) == []


def test_rows_of_a_batch_of_splits_are_not_taken_for_children() -> None:
    def f(keys):
        row = jax.vmap(lambda key: jax.random.split(key, 3))(keys)[0]
        folded = jax.vmap(lambda key: jax.random.fold_in(key, 0))(keys)
        return jax.vmap(jax.random.normal)(row), jax.vmap(jax.random.normal)(folded)

    assert codes(f, jax.random.split(KEY, 3)) == []


@pytest.mark.parametrize("kind", ["scan", "while"])
def test_a_loop_that_draws_from_one_key_is_found(kind: str) -> None:
    def scan(key, xs):
        return jax.lax.scan(lambda c, x: (c, x + jax.random.normal(key)), 0, xs)

    def loop(key, xs):
        def body(state):
            return state[0] + 1, state[1] + jax.random.normal(key)

        return jax.lax.while_loop(lambda state: state[0] < xs.size, body, (0, 0.0))

    (finding,) = ks.plan({"scan": scan, "while": loop}[kind], KEY, jnp.arange(3.0)).findings()
    assert finding.code == "KS203"
    assert finding.severity == "warning"


def test_a_carried_key_that_never_changes_is_one_key() -> None:
    def f(key, xs):
        def body(key, x):
            return key, x + jax.random.normal(key)

        return jax.lax.scan(body, key, xs)

    assert codes(f, KEY, jnp.arange(3.0)) == ["KS203"]


def test_a_mask_drawn_before_the_loop_is_shared_on_purpose() -> None:
    def f(key, xs):
        mask = jax.random.bernoulli(key, 0.5)
        return jax.lax.scan(lambda c, x: (c, x * mask), 0, xs)

    assert codes(f, KEY, jnp.arange(3.0)) == []


def test_a_key_that_is_part_of_the_program_is_found_once() -> None:
    baked = jax.random.key(3)

    def f(x):
        a, b = jax.random.split(baked)
        return x + jax.random.normal(a) + jax.random.normal(b)

    (finding,) = ks.plan(f, X).findings()
    assert finding.code == "KS503"
    assert finding.count == 2
    assert finding.message == (
        "a compiled function captured the key of its 2 keys: 2 calls drew the same"
    )


def test_a_seed_that_each_call_makes_a_key_of_is_found() -> None:
    (finding,) = ks.plan(lambda x: x + jax.random.normal(jax.random.key(7)), X).findings()
    assert finding.code == "KS106"
    assert finding.message.startswith("seed 7 was made a key again")


def test_recomputation_is_no_reuse() -> None:
    def loss(x, key):
        return jax.checkpoint(lambda x: jnp.sin(x * jax.random.bernoulli(key, 0.5, x.shape)))(
            x
        ).sum()

    @jax.custom_vjp
    def drop(key, x):
        return x * jax.random.bernoulli(key, 0.5, x.shape)

    drop.defvjp(
        lambda key, x: (drop(key, x), key),
        lambda key, g: (None, g * jax.random.bernoulli(key, 0.5, g.shape)),
    )
    assert codes(jax.value_and_grad(loss), X, KEY) == []
    assert codes(jax.value_and_grad(lambda x, key: drop(key, x).sum()), X, KEY) == []


def test_different_branches_may_use_one_key() -> None:
    def f(which, key):
        return jax.lax.cond(which, lambda: jax.random.normal(key), lambda: jax.random.uniform(key))

    assert codes(f, jnp.asarray(True), KEY) == []
    assert codes(jax.vmap(f), jnp.array([True, False]), jax.random.split(KEY, 2)) == []


def test_clones_and_discarded_draws_are_no_reuse() -> None:
    def clones(key):
        return jax.random.normal(key) - jax.random.normal(jax.random.clone(key))

    def discards(key):
        del_ = jax.jit(jax.random.normal)(key)
        del del_
        return jax.random.normal(key)

    assert codes(clones, KEY) == []
    assert codes(discards, KEY) == []


def test_what_a_sampler_does_inside_is_no_reuse() -> None:
    def f(key):
        a, b, c, d = jax.random.split(key, 4)
        return (
            jax.random.choice(a, 5, (3,), replace=False),
            jax.random.poisson(b, 3.0),
            jax.random.binomial(c, 10.0, 0.3),
            jax.random.permutation(d, 4),
        )

    assert codes(f, KEY) == []


def test_what_comes_from_the_host_in_a_loop_is_not_taken_for_one_key() -> None:
    def words():
        raise AssertionError("the slice asked the host")

    def f(xs):
        def body(c, x):
            shape = jax.ShapeDtypeStruct((2,), jnp.uint32)
            key = jax.random.wrap_key_data(jax.pure_callback(words, shape))
            return c, x + jax.random.normal(key)

        return jax.lax.scan(body, 0, xs)

    plan = ks.plan(f, jnp.arange(3.0))
    assert [found.code for found in plan.findings()] == ["KS902"]
    assert plan.draws[0].unseen == "its key needs pure_callback, which runs on the host"
    assert plan.keys(jnp.arange(3.0)) == {}


def test_keys_of_a_loops_iterations_are_not_one_key() -> None:
    def f(key, xs):
        def body(key, x):
            key, sub = jax.random.split(key)
            return key, x + jax.random.normal(sub)

        key, ys = jax.lax.scan(body, key, xs)
        return ys, jax.random.normal(key)

    assert codes(f, KEY, jnp.arange(3.0)) == []


def _loop(key: jax.Array, x: jax.Array) -> jax.Array:
    return jax.lax.scan(lambda c, row: (c, row + jax.random.normal(key)), 0, x)[1]


def _shards(key: jax.Array, x: jax.Array) -> jax.Array:
    mesh = jax.make_mesh((2,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    spread = jax.sharding.PartitionSpec("data")
    noisy = jax.shard_map(
        lambda rows, key: rows + jax.random.normal(key, rows.shape),
        mesh=mesh,
        in_specs=(spread, jax.sharding.PartitionSpec()),
        out_specs=spread,
    )
    return noisy(x, key)


def _microbatches(key: jax.Array, x: jax.Array) -> jax.Array:
    def loss(w, row):
        return (w * row * jax.random.bernoulli(key, 0.5, row.shape)).sum()

    return jax.lax.scan(lambda g, row: (g + jax.grad(loss)(1.0, row), None), 0.0, x)[0]


def _recreated(key: jax.Array, x: jax.Array) -> jax.Array:
    return x + jax.random.normal(jax.random.key(3), x.shape)


MISTAKEN = {
    "KS101": lambda key, x: jax.random.normal(key, x.shape) * jax.random.uniform(key, x.shape),
    "KS102": lambda key, x: jax.random.normal(jax.random.split(key)[0]) * jax.random.normal(key),
    "KS103": lambda key, x: (
        jax.random.normal(jax.random.split(key)[1]) * jax.random.uniform(jax.random.fold_in(key, 1))
    ),
    "KS106": _recreated,
    "KS201": lambda key, x: [jax.random.normal(key) for _ in range(3)],
    "KS203": _loop,
    "KS301": _shards,
    "KS303": lambda key, x: jax.vmap(lambda row: row * jax.random.bernoulli(key))(x),
    "KS304": _microbatches,
    "KS503": lambda key, x: x + jax.random.normal(KEY, x.shape),
}


@pytest.mark.parametrize("code", MISTAKEN)
def test_a_plan_is_judged_by_the_rules_of_the_audit(code: str) -> None:
    assert code in codes(MISTAKEN[code], jax.random.key(5), X)


def test_the_rules_that_a_plan_applies_are_those_that_their_pages_name() -> None:
    source = (Path(__file__).parents[2] / "docs/generate_rules.py").read_text()
    planned = source.partition("PLANNED = (")[2].partition("\n)\n")[0]
    assert set(re.findall(r"KS\d{3}", planned)) == set(MISTAKEN)
