"""What a plan looks like, and what it refuses."""

import json

import jax
import jax.numpy as jnp
import pytest

import keystream as ks
from keystream.errors import UnsupportedKeyError, ValueOutOfRangeError

KEY = jax.random.key(0)
X = jnp.ones((4, 3))


def step(params, x, key, index):
    a, b = jax.random.split(jax.random.fold_in(key, index))
    hidden = jnp.tanh(x @ params["w"]) * jax.random.bernoulli(a, 0.5, (4, 3))
    return hidden + jax.lax.fori_loop(0, 3, lambda i, s: s + jax.random.normal(b, (4, 3)), hidden)


PARAMS = {"w": jnp.ones((3, 3))}
CALL = (PARAMS, X, KEY, 7)


def test_a_plan_reads_well_at_eighty_columns() -> None:
    lines = str(ks.plan(step, *CALL)).split("\n")
    assert lines[0] == "step: 2 draws, 1.54 kbit a call"
    assert lines[1].startswith("keys: ")
    assert lines[1].endswith("; read from key, index")
    shown = "\n".join(lines[2:])
    assert "step\n  draws  bernoulli bool[4,3], 384 bit\n" in shown
    assert "  key    key → fold_in(index) → split(2)[0]\n" in shown
    assert "  draws  normal float32[4,3], 384 bit, 3 times\n" in shown
    assert "  notes  the same key in every iteration" in shown
    assert "warning: normal in a compiled loop got one key for its 3 iterations (KS203" in shown
    assert max(len(line) for line in lines if "where" not in line) <= 80


def test_a_plan_says_little_where_it_is_named() -> None:
    assert repr(ks.plan(step, *CALL)) == "<plan of step: 2 draws, 1.54 kbit>"


def test_a_plan_as_html_is_escaped() -> None:
    plan = ks.plan(lambda key: jax.random.normal(key["<b>"]), {"<b>": KEY})
    page = plan._repr_mimebundle_()["text/html"]
    assert "<table>" in page
    assert "<b>'" not in page
    assert "&lt;b&gt;" in page


def test_a_plan_as_json_has_every_site() -> None:
    document = json.loads(ks.plan(step, *CALL).to_json())
    assert document["version"] == 1
    assert document["function"] == "step"
    assert document["bits"] == 384 * 4
    assert document["slice"]["reads"] == ["key", "index"]
    assert [site["kind"] for site in document["sites"]] == ["fold_in", "split", "draw", "draw"]
    assert document["sites"][2]["frames"][0]["path"].endswith("test_plan_shown.py")
    assert [finding["code"] for finding in document["findings"]] == ["KS203"]


def test_bits_count_loops() -> None:
    plan = ks.plan(step, *CALL)
    assert plan.bits == 12 * 32 * (1 + 3)
    assert [site.bits for site in plan.draws] == [384, 384]


def test_arguments_may_be_abstract_when_a_plan_is_made() -> None:
    shapes = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), CALL[:3])
    plan = ks.plan(step, *shapes, 7)
    assert len(plan.keys(*CALL)) == 2


def test_numbers_are_traced_unless_the_function_needs_them() -> None:
    traced = ks.plan(step, *CALL)
    assert len(traced.keys(*CALL[:3], 8)) == 2
    static = ks.plan(lambda key, n: jax.random.normal(key, (n,)), KEY, 5)
    assert static.draws[0].shape == (5,)
    with pytest.raises(ValueOutOfRangeError) as caught:
        static.keys(KEY, 6)
    assert str(caught.value) == (
        "the plan was given 6 where the plan was made for 5\n"
        "  where: plan\n"
        "  why:   a plan is of one program, which other shapes and static arguments would change\n"
        "  fix:   make another plan of this call: ks.plan(function, *arguments)\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_a_jitted_function_with_static_arguments_has_a_plan() -> None:
    jitted = jax.jit(lambda key, n: jax.random.normal(key, (n,)), static_argnums=1)
    assert ks.plan(jitted, KEY, 5).draws[0].shape == (5,)


def test_arrays_of_another_shape_are_refused() -> None:
    plan = ks.plan(step, *CALL)
    with pytest.raises(ValueOutOfRangeError, match=r"an array of shape \(5, 3\), not \(4, 3\)"):
        plan.keys(PARAMS, jnp.ones((5, 3)), KEY, 7)
    with pytest.raises(ValueOutOfRangeError, match="arguments of another structure"):
        plan.keys(X, KEY, 7)


def test_a_replay_of_no_or_of_several_draws_is_refused_with_the_labels() -> None:
    plan = ks.plan(step, *CALL)
    with pytest.raises(ValueOutOfRangeError) as caught:
        plan.replay("dropout", *CALL)
    assert caught.value.what == "'dropout' names no draws of step"
    assert "'step'" in caught.value.where
    twice = ks.plan(lambda key: [jax.random.normal(k) for k in jax.random.split(key)], KEY)
    assert sorted(twice.labels)[0].endswith("#0")


def test_a_draw_whose_key_is_unseen_is_not_replayed() -> None:
    plan = ks.plan(lambda low: jax.lax.rng_uniform(low, 1.0, (3,)), jnp.float32(0))
    with pytest.raises(UnsupportedKeyError, match="rng_uniform has no key"):
        plan.replay(plan.draws[0], jnp.float32(0))


def test_an_error_of_the_function_is_its_own() -> None:
    def broken(x):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        ks.plan(broken, X)
