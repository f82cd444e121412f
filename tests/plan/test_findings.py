"""What a plan proves without a run, and what looks like it and is none."""

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
    assert finding.message == "uniform draws from the key that normal drew from"
    assert finding.locations[0].line == line + 2
    assert finding.related[0].line == line + 1
    assert finding.related[0].message == "normal here"
    assert finding.lineage == (("key",), ("key",))


def test_one_finding_names_a_key_however_many_draws_use_it() -> None:
    def f(key, x):
        return sum(jax.random.normal(key, x.shape) for _ in range(12))

    (finding,) = ks.plan(f, KEY, X).findings()
    assert finding.code == "KS101"
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
    assert "the constant key 00000000:00000003" in finding.message
    made = ks.plan(lambda x: x + jax.random.normal(jax.random.key(7)), X).findings()
    assert [each.code for each in made] == ["KS503"]
    assert "the seed 7" in made[0].message


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
