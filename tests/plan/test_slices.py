"""The keys of the slice are those that the program draws from, whatever control flow is around them.

Every program here returns, beside what it draws, the key data it drew from, so that what the plan says
can be compared with what the program did.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import io_callback
from jax.sharding import AxisType, PartitionSpec

import keystream as ks

KEY = jax.random.key(11)
X = jnp.arange(12.0).reshape(4, 3)


def words(key: Any) -> jax.Array:
    return jax.random.key_data(key)


def only(plan: ks.Plan, *args: Any) -> np.ndarray:
    (keys,) = plan.keys(*args).values()
    return np.asarray(keys)


def dropped(key: Any, x: Any) -> jax.Array:
    return x * jax.random.bernoulli(key, 0.5, x.shape)


def test_keys_of_a_scan_come_stacked_by_iteration() -> None:
    def f(key, x):
        def body(key, row):
            key, sub = jax.random.split(key)
            return key, (dropped(sub, row), words(sub))

        return jax.lax.scan(body, key, x)[1]

    plan = ks.plan(f, KEY, X)
    assert np.array_equal(only(plan, KEY, X), f(KEY, X)[1])
    assert [loop.length for loop in plan.draws[0].loops] == [4]
    assert plan.inputs == ("key",)


def test_keys_of_a_reversed_scan_stand_where_its_results_do() -> None:
    def f(key, x):
        def body(key, row):
            key, sub = jax.random.split(key)
            return key, (dropped(sub, row), words(sub))

        return jax.lax.scan(body, key, x, reverse=True)[1]

    assert np.array_equal(only(ks.plan(f, KEY, X), KEY, X), f(KEY, X)[1])


def test_keys_of_nested_scans_come_stacked_by_both() -> None:
    def f(key):
        def outer(key, _):
            def inner(key, _):
                key, sub = jax.random.split(key)
                return key, (jax.random.normal(sub), words(sub))

            key, sub = jax.random.split(key)
            return key, jax.lax.scan(inner, sub, None, length=3)[1]

        return jax.lax.scan(outer, key, None, length=2)[1]

    keys = only(ks.plan(f, KEY), KEY)
    assert keys.shape == (2, 3, 2)
    assert np.array_equal(keys, f(KEY)[1])


def test_keys_scanned_over_are_the_keys_given() -> None:
    keys = jax.random.split(KEY, 4)
    plan = ks.plan(lambda keys, x: jax.lax.map(lambda pair: dropped(*pair), (keys, x)), keys, X)
    assert np.array_equal(only(plan, keys, X), words(keys))


def test_a_while_loop_shows_the_keys_of_the_iterations_that_ran() -> None:
    def f(key, end):
        def body(state):
            i, total, key = state
            key, sub = jax.random.split(key)
            return i + 1, total + jax.random.normal(sub), key

        return jax.lax.while_loop(lambda state: state[0] < end, body, (0, 0.0, key))[1]

    plan = ks.plan(f, KEY, 5)
    expected, key = [], KEY
    for _ in range(5):
        key, sub = jax.random.split(key)
        expected.append(words(sub))
    assert np.array_equal(only(plan, KEY, 5), np.stack(expected))
    assert only(plan, KEY, 2).shape == (2, 2)
    assert only(plan, KEY, 0).shape == (0, 2)


def test_a_while_loop_longer_than_the_bound_says_how_many_were_missed() -> None:
    def f(key, end):
        def body(state):
            i, total = state
            return i + 1, total + jax.random.normal(jax.random.fold_in(key, i))

        return jax.lax.while_loop(lambda state: state[0] < end, body, (0, 0.0))

    plan = ks.plan(f, KEY, 5)
    seen = {each.site: each for each in plan.observe(KEY, 1500)}[plan.draws[0].id]
    assert seen.ran is not None
    assert seen.ran.sum() == 1024
    assert seen.missed > 0


def test_a_loop_of_a_known_number_of_rounds_is_a_scan() -> None:
    def f(key):
        return jax.lax.fori_loop(
            0, 3, lambda i, s: s + jax.random.normal(jax.random.fold_in(key, i)), 0.0
        )

    plan = ks.plan(f, KEY)
    expected = np.stack([words(jax.random.fold_in(KEY, i)) for i in range(3)])
    assert np.array_equal(only(plan, KEY), expected)


def test_of_a_condition_only_the_branch_that_runs_has_a_key() -> None:
    def f(which, key):
        a, b = jax.random.split(key)
        return jax.lax.cond(which, lambda: jax.random.normal(a), lambda: jax.random.uniform(b))

    a, b = jax.random.split(KEY)
    for which in (True, False):
        plan = ks.plan(f, jnp.asarray(which), KEY)
        keys = plan.keys(jnp.asarray(which), KEY)
        ran = {plan.labels[label].distribution: value for label, value in keys.items()}
        assert ran["normal"].shape == ((2,) if which else (0, 2))
        assert ran["uniform"].shape == ((0, 2) if which else (2,))
        chosen = ran["normal"] if which else ran["uniform"]
        assert np.array_equal(chosen, words(a if which else b))


def test_a_switch_in_a_scan_shows_which_iterations_took_which_branch() -> None:
    def f(key, which):
        def body(key, index):
            key, sub = jax.random.split(key)
            draws = [lambda: jax.random.normal(sub), lambda: jax.random.uniform(sub), lambda: 0.0]
            return key, (jax.lax.switch(index, draws), words(sub))

        return jax.lax.scan(body, key, which)[1]

    which = jnp.array([0, 1, 2, 1, 0])
    plan, drawn_from = ks.plan(f, KEY, which), f(KEY, which)[1]
    keys = plan.keys(KEY, which)
    by_name = {plan.labels[label].distribution: value for label, value in keys.items()}
    assert np.array_equal(by_name["normal"], drawn_from[jnp.array([0, 4])])
    assert np.array_equal(by_name["uniform"], drawn_from[jnp.array([1, 3])])


def test_rematerialised_code_draws_again_from_the_same_keys_and_says_so() -> None:
    def loss(x, key):
        def body(x, key):
            return jnp.sin(dropped(key, x)), None

        return jax.lax.scan(jax.checkpoint(body), x, jax.random.split(key, 3))[0].sum()

    plan = ks.plan(jax.value_and_grad(loss), X, KEY)
    first, again = plan.draws
    assert "remat" not in first.flags
    assert {"remat", "backward"} <= again.flags
    keys = list(plan.keys(X, KEY).values())
    assert np.array_equal(keys[0], words(jax.random.split(KEY, 3)))
    assert np.array_equal(keys[1], keys[0])
    assert plan.inputs == ("key",)


def test_a_backward_pass_of_the_users_own_that_draws_again_is_marked() -> None:
    @jax.custom_vjp
    def drop(key, x):
        return dropped(key, x)

    drop.defvjp(lambda key, x: (drop(key, x), key), lambda key, g: (None, dropped(key, g)))
    plan = ks.plan(jax.value_and_grad(lambda x, key: drop(key, x).sum()), X, KEY)
    forward, backward = plan.draws
    assert "backward" not in forward.flags
    assert "backward" in backward.flags
    assert backward.distribution == "bernoulli"
    assert forward.origin == backward.origin


def test_custom_derivatives_are_entered_where_nothing_is_differentiated() -> None:
    @jax.custom_jvp
    def drop(key, x):
        return dropped(key, x)

    @jax.custom_vjp
    def other(key, x):
        return dropped(key, x)

    drop.defjvp(lambda primals, tangents: (drop(*primals), tangents[1]))
    other.defvjp(lambda key, x: (other(key, x), None), lambda _, g: (None, g))
    for function in (drop, other):
        plan = ks.plan(lambda key, x, function=function: function(key, x), KEY, X)
        assert np.array_equal(only(plan, KEY, X), words(KEY))


def test_a_draw_under_vmap_without_a_key_of_its_own_is_one_draw_of_the_batch() -> None:
    shared = ks.plan(jax.vmap(dropped, in_axes=(None, 0)), KEY, X)
    assert "vmap_shared" in shared.draws[0].flags
    own = ks.plan(jax.vmap(jax.jit(dropped)), jax.random.split(KEY, 4), X)
    assert "vmap_shared" not in own.draws[0].flags
    twice = ks.plan(
        jax.vmap(jax.vmap(dropped, in_axes=(None, 0)), in_axes=(0, 0)),
        jax.random.split(KEY, 2),
        X.reshape(2, 2, 3),
    )
    assert "vmap_shared" in twice.draws[0].flags
    both = ks.plan(jax.vmap(jax.vmap(dropped)), jax.random.split(KEY, (4, 3)), X)
    assert "vmap_shared" not in both.draws[0].flags
    assert both.draws[0].lanes == (4, 3)


def test_lanes_of_a_vmapped_loop_that_have_ended_draw_no_more() -> None:
    def f(end, key):
        def body(state):
            i, total = state
            return i + 1, total + jax.random.normal(jax.random.fold_in(key, i))

        return jax.lax.while_loop(lambda state: state[0] < end, body, (0, 0.0))[1]

    ends, keys = jnp.array([0, 3, 1]), jax.random.split(KEY, 3)
    plan = ks.plan(jax.vmap(f), ends, keys)
    (site,) = plan.draws
    assert "batched_while" in site.flags
    seen = {each.site: each for each in plan.observe(ends, keys)}[site.id]
    assert seen.ran is not None
    assert np.array_equal(seen.ran.sum(axis=0), ends)


def test_branches_of_a_vmapped_condition_are_told_apart_though_both_run() -> None:
    def f(which, key):
        return jax.lax.cond(which, lambda: jax.random.normal(key), lambda: jax.random.uniform(key))

    plan = ks.plan(jax.vmap(f), jnp.array([True, False]), jax.random.split(KEY, 2))
    (one, other) = plan.draws
    assert "batched_cond" in one.flags & other.flags
    assert one.conditions[0][0] == other.conditions[0][0]
    assert one.conditions[0][1] != other.conditions[0][1]
    assert plan.findings() == ()


def test_shards_show_their_own_keys_and_those_that_they_share() -> None:
    mesh = jax.make_mesh((2,), ("data",), axis_types=(AxisType.Auto,))

    def f(key, x):
        mine = jax.random.fold_in(key, jax.lax.axis_index("data"))
        return dropped(mine, x) + dropped(key, x)

    sharded = jax.shard_map(
        f,
        mesh=mesh,
        in_specs=(PartitionSpec(), PartitionSpec("data")),
        out_specs=PartitionSpec("data"),
    )
    plan = ks.plan(jax.jit(sharded), KEY, X)
    own, shared = plan.draws
    keys = list(plan.keys(KEY, X).values())
    assert not own.loops[0].key_invariant
    assert shared.loops[0].key_invariant
    assert np.array_equal(keys[0], np.stack([words(jax.random.fold_in(KEY, i)) for i in (0, 1)]))
    assert np.array_equal(keys[1], np.stack([words(KEY)] * 2))


def test_pmap_shows_the_key_of_every_replica() -> None:
    keys = jax.random.split(KEY, 2)
    plan = ks.plan(jax.pmap(dropped), keys, X[:2])
    assert np.array_equal(np.ravel(only(plan, keys, X[:2])), np.ravel(words(keys)))


def test_an_associative_scan_and_what_is_around_it_are_entered() -> None:
    def f(key, x):
        return jax.lax.associative_scan(jnp.add, dropped(key, x))

    assert np.array_equal(only(ks.plan(f, KEY, X), KEY, X), words(KEY))


def test_an_effect_never_runs_again_and_keys_behind_it_are_unseen() -> None:
    calls: list[int] = []

    def note(data):
        calls.append(1)
        return np.asarray(data)

    def f(key, x):
        jax.debug.callback(lambda: calls.append(0))
        there = io_callback(note, jax.ShapeDtypeStruct((2,), jnp.uint32), words(key))
        return dropped(key, x) + dropped(jax.random.wrap_key_data(there), x)

    plan = ks.plan(f, KEY, X)
    seen, unseen = plan.draws
    assert unseen.unseen == "its key needs io_callback, which has an effect"
    assert np.array_equal(only(plan, KEY, X), words(KEY))
    assert calls == []
    assert not seen.unseen


def test_a_key_that_needs_much_of_the_program_is_not_computed_twice() -> None:
    def f(key, x):
        for _ in range(8):
            x = jnp.sin(x @ x)
        data = jnp.argmax(x.sum(0))
        return jax.random.normal(key, (3,)) + jax.random.normal(jax.random.fold_in(key, data), (3,))

    x = jnp.ones((600, 600))
    plan = ks.plan(f, KEY, x)
    cheap, costly = plan.draws
    assert not cheap.unseen
    assert costly.unseen == "its key needs dot_general of the data (costly)"
    assert np.array_equal(only(plan, KEY, x), words(KEY))
    assert plan.share < 0.001


def test_a_slice_reads_only_what_the_keys_need() -> None:
    def f(params, x, key, step):
        return dropped(jax.random.fold_in(key, step), x @ params).sum()

    params = jnp.ones((3, 3))
    plan = ks.plan(f, params, X, KEY, 4)
    assert plan.inputs == ("key", "step")
    assert np.array_equal(only(plan, params, X, KEY, 4), words(jax.random.fold_in(KEY, 4)))
    assert np.array_equal(only(plan, params, X, KEY, 9), words(jax.random.fold_in(KEY, 9)))


@pytest.mark.parametrize("implementation", ["threefry2x32", "rbg", "unsafe_rbg"])
def test_keys_of_every_implementation_pass_through_loops(implementation: str) -> None:
    key = jax.random.key(3, impl=implementation)

    def f(key):
        def body(key, _):
            key, sub = jax.random.split(key)
            return key, (jax.random.normal(sub), words(sub))

        return jax.lax.scan(body, key, None, length=3)[1]

    assert np.array_equal(only(ks.plan(f, key), key), f(key)[1])


def test_legacy_keys_and_seeds_made_inside_are_followed() -> None:
    def f(key, seed):
        made = jax.random.PRNGKey(seed)
        return jax.random.normal(jax.random.split(key)[1]) + jax.random.normal(made)

    key = jax.random.PRNGKey(0)
    plan = ks.plan(f, key, 12)
    first, second = plan.keys(key, 12).values()
    assert np.array_equal(first, jax.random.split(key)[1])
    assert np.array_equal(second, jax.random.PRNGKey(12))
    assert plan.draws[1].root == "seed"
    seed = next(site for site in plan.sites if site.kind == "seed")
    seen = {each.site: each for each in plan.observe(key, 12)}[seed.id]
    assert seen.keys.tolist() == [0, 12]


def test_derivations_are_observed_with_their_parents_children_and_data() -> None:
    def f(key, step):
        a, b = jax.random.split(jax.random.fold_in(key, step))
        return jax.random.normal(a) + jax.random.normal(b)

    plan = ks.plan(f, KEY, 5)
    seen = {plan.sites[each.site].kind: each for each in plan.observe(KEY, 5)}
    folded = jax.random.fold_in(KEY, 5)
    assert np.array_equal(seen["fold_in"].keys, words(KEY))
    assert np.array_equal(seen["fold_in"].children, [words(folded)])
    assert seen["fold_in"].data == 5
    assert np.array_equal(seen["split"].keys, words(folded))
    assert np.array_equal(seen["split"].children, words(jax.random.split(folded)))


def test_what_nothing_depends_on_is_marked_as_discarded() -> None:
    def f(key, x):
        lost = jax.jit(dropped)(key, x)
        del lost
        return dropped(jax.random.fold_in(key, 1), x)

    lost, kept = ks.plan(f, KEY, X).draws
    assert "discarded" in lost.flags
    assert "discarded" not in kept.flags


def test_a_kernel_is_opaque() -> None:
    from jax.experimental import pallas as pl

    def kernel(words_ref, x_ref, out_ref):
        out_ref[...] = x_ref[...] * words_ref[0]

    def f(key, x):
        shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
        return pl.pallas_call(kernel, shape, interpret=True)(words(key), x)

    (site,) = ks.plan(f, KEY, X).draws
    assert site.kind == "opaque"
    assert site.unseen == "pallas_call can't be looked into"


def test_a_jaxpr_that_is_used_twice_has_the_lines_of_each_use() -> None:
    @jax.jit
    def inner(key, x):
        return dropped(key, x)

    def first(key, x):
        return inner(key, x)

    def second(key, x):
        return inner(key, x)

    def f(key, x):
        a, b = jax.random.split(key)
        return first(a, x) + second(b, x)

    one, other = ks.plan(f, KEY, X).draws
    assert [place.function for place in one.frames[:3]][-1].endswith("first")
    assert [place.function for place in other.frames[:3]][-1].endswith("second")


def test_shards_with_branches_and_loops_inside_show_the_keys_of_each_shard() -> None:
    mesh = jax.make_mesh((2,), ("data",), axis_types=(AxisType.Auto,))

    def f(key, x):
        mine = jax.random.fold_in(key[0], 7)
        x = jax.lax.cond(x.sum() > 100, lambda: x, lambda: dropped(mine, x))

        def body(state):
            return state[0] + 1, dropped(jax.random.fold_in(mine, state[0]), state[1])

        return jax.lax.while_loop(lambda state: state[0] < 2, body, (0, x))[1]

    spec = PartitionSpec("data")
    sharded = jax.shard_map(f, mesh=mesh, in_specs=(spec, spec), out_specs=spec)
    keys = jax.random.split(KEY, 2)
    plan = ks.plan(jax.jit(sharded), keys, X)
    branch, loop = plan.keys(keys, X).values()
    mine = [jax.random.fold_in(key, 7) for key in keys]
    assert np.array_equal(branch, np.stack([words(key) for key in mine]))
    steps = [words(jax.random.fold_in(key, i)) for key in mine for i in range(2)]
    assert np.array_equal(loop, np.stack(steps))


def test_rematerialised_draws_of_a_batch_are_not_taken_for_shared_ones() -> None:
    def loss(x, keys):
        return jnp.sin(jax.vmap(jax.checkpoint(dropped))(keys, x)).sum()

    plan = ks.plan(jax.value_and_grad(loss), X, jax.random.split(KEY, 4))
    assert any("remat" in site.flags for site in plan.draws)
    assert not any("vmap_shared" in site.flags for site in plan.draws)
