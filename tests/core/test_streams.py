"""Keys of `Streams`: what they are, that they differ, and what can be read back from them."""

import copy
import pickle
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import key_words, stream_id, threefry

import keystream as ks

SEEDS = st.integers(0, 2**32 - 1)


def words(key):
    return tuple(int(word) for word in jax.random.key_data(key))


@settings(max_examples=40)
@given(
    SEEDS,
    st.sampled_from(["dropout", "noise"]),
    st.integers(0, 2**32 - 2),
    st.integers(0, 63),
    st.integers(0, 7),
)
def test_a_key_is_the_block_of_its_packed_name(seed, name, step, microbatch, replica):
    streams = ks.Streams(
        seed, "params", "dropout", "noise", coordinates={"microbatch": 64, "replica": 8}
    )
    key = streams.key(name, step, replica=replica, microbatch=microbatch)
    coordinates = [(microbatch, 64), (replica, 8)]
    assert words(key) == key_words((0, seed), stream_id(name), step, coordinates)


@settings(max_examples=20)
@given(SEEDS, st.data())
def test_odd_radices_pack_as_documented_for_host_and_traced_values(seed, data):
    sizes = {"a": 5, "b": 3 * 2**9 + 1, "c": 11}
    steps = 100_003
    streams = ks.Streams(seed, "noise", coordinates=sizes, steps=steps)
    step = data.draw(st.integers(0, steps - 2))
    values = {name: data.draw(st.integers(0, size - 1)) for name, size in sizes.items()}
    expected = key_words(
        (0, seed), stream_id("noise"), step, [(values[n], sizes[n]) for n in sizes], steps
    )
    assert words(streams.key("noise", step, **values)) == expected
    traced = jax.jit(lambda s, t, v: s.key("noise", t, **v))(streams, step, values)
    assert words(traced) == expected


@pytest.mark.parametrize(
    "source",
    [
        lambda: ks.Streams(3, "params", "dropout"),
        lambda: ks.Streams(jax.random.key(3), "params", "dropout"),
        lambda: ks.Streams(jax.random.PRNGKey(3), "params", "dropout"),
        lambda: ks.Streams(np.array([0, 3], np.uint32), "params", "dropout"),
        lambda: ks.Streams(np.int64(3), "params", "dropout"),
        lambda: ks.Streams(jnp.uint32(3), "params", "dropout"),
    ],
    ids=["seed", "typed key", "legacy key", "numpy key", "numpy seed", "jax seed"],
)
def test_one_root_given_in_any_form_gives_the_same_streams(source):
    assert source() == ks.Streams(3, "params", "dropout")
    assert words(source().key("dropout", 9)) == key_words((0, 3), stream_id("dropout"), 9)


def test_mapping_and_keywords_give_the_same_streams():
    assert ks.Streams({"params": 0, "dropout": 1}) == ks.Streams(params=0, dropout=1)
    mixed = ks.Streams({"params": jax.random.key(0), "dropout": 1})
    assert mixed == ks.Streams(params=0, dropout=1)


def test_per_stream_seeds_hand_out_their_own_keys_at_init_and_only_there():
    streams = ks.Streams(params=3, dropout=4)
    keys = streams.init_rngs()
    for name, seed in (("params", 3), ("dropout", 4)):
        np.testing.assert_array_equal(
            jax.random.key_data(keys[name]), jax.random.key_data(jax.random.PRNGKey(seed))
        )
    assert words(streams.rngs(0)["dropout"]) == key_words((0, 4), stream_id("dropout"), 0)


def test_init_keys_of_a_child_and_at_coordinates_are_derived_from_per_stream_seeds():
    streams = ks.Streams({"params": 3, "dropout": 4}, coordinates={"replica": 4})
    init_step = 2**32 - 1
    at_two = words(streams.init_rngs(replica=2)["params"])
    assert at_two == key_words((0, 3), stream_id("params"), init_step, [(2, 4)])
    assert words(streams.init_rngs(replica=0)["params"]) == (0, 3)
    batched = jax.vmap(lambda r: streams.init_rngs(replica=r)["params"])(jnp.arange(4))
    assert words(batched[0]) == (0, 3)
    assert words(batched[2]) == at_two
    child = streams.child("teacher").init_rngs()["params"]
    assert words(child) == key_words((0, 3), stream_id("teacher/params"), init_step)


def test_one_seed_has_init_keys_at_the_reserved_step():
    keys = ks.Streams(0, "params", "dropout").init_rngs()
    assert list(keys) == ["params", "dropout"]
    for name, key in keys.items():
        assert words(key) == key_words((0, 0), stream_id(name), 2**32 - 1)


def test_rngs_hold_run_time_streams_alone():
    streams = ks.Streams(0, "params", "dropout", "noise")
    assert list(streams.rngs(5)) == ["dropout", "noise"]
    for name, key in streams.rngs(5).items():
        assert words(key) == words(streams.key(name, 5))
    assert list(ks.Streams(0, "params").rngs(5)) == []
    both = ks.Streams(0, "params", "embed", "noise", init=("params", "embed"))
    assert list(both.rngs(5)) == ["noise"]
    assert list(ks.Streams(0, "params", "noise", init=()).rngs(5)) == ["params", "noise"]


def test_a_key_without_names_serves_params_alone():
    streams = ks.Streams(jax.random.key(7))
    assert streams.names == ("params",)
    assert streams.rngs(0) == {}
    assert list(streams.init_rngs()) == ["params"]


def test_a_coordinate_of_zero_and_a_new_coordinate_leave_keys_as_they_are():
    plain = ks.Streams(0, "noise")
    declared = ks.Streams(0, "noise", coordinates={"microbatch": 64})
    longer = ks.Streams(0, "noise", coordinates={"microbatch": 64, "replica": 8})
    assert words(plain.key("noise", 5)) == words(declared.key("noise", 5, microbatch=0))
    assert words(declared.key("noise", 5, microbatch=3)) == words(
        longer.key("noise", 5, microbatch=3, replica=0)
    )


def derive_at(streams, name, step, replica, microbatch):
    return streams.key(name, step, replica=replica, microbatch=microbatch)


def test_keys_of_all_names_of_a_small_declaration_are_distinct():
    streams = ks.Streams(
        0, "params", "a", "b", coordinates={"replica": 3, "microbatch": 5}, steps=20
    )
    grid = jnp.meshgrid(jnp.arange(19), jnp.arange(3), jnp.arange(5), indexing="ij")
    seen = []
    for which in (streams, streams.child("teacher"), streams.child("teacher").child("critic")):
        for name in which.names:
            derive = partial(derive_at, which, name)
            keys = jax.vmap(derive)(*(axis.ravel() for axis in grid))
            seen.append(np.asarray(jax.random.key_data(keys)))
        seen += [np.asarray([words(key)], np.uint32) for key in which.init_rngs().values()]
    rows = np.concatenate(seen)
    assert len(rows) == 3 * (3 * 19 * 15 + 3)
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_no_key_is_a_child_that_jax_makes_of_the_root():
    # A child of JAX's is the block at a high word of 0; every counter of ours, the first and last of
    # each field and those of values out of range included, has another.
    streams = ks.Streams(0, "x", coordinates={"c": 4096}, ids={"x": 1})
    last = ks.Streams(0, "x", coordinates={"c": 4096}, ids={"x": 2**20 - 1})
    root = jax.random.key(0)
    ours = [
        s.key("x", step, c=c) for s in (streams, last) for step in (0, 2**32 - 2) for c in (0, 4095)
    ]
    ours += [s.init_rngs(c=c)["x"] for s in (streams, last) for c in (0, 4095)]
    outside = jax.jit(lambda step: streams.key("x", step))
    ours += [outside(jnp.uint32(2**32 - 1)), outside(jnp.int32(-1)), outside(jnp.int32(-(2**31)))]
    children = [jax.random.fold_in(root, i) for i in (0, 1, 2**31, 2**32 - 1)]
    children += list(jax.random.split(root, 1000))
    assert not {words(key) for key in ours} & {words(key) for key in children}
    from keystream._threefry import inverse

    zero = np.zeros(1, np.uint32)
    for key in ours:
        pair = tuple(np.array([word], np.uint32) for word in words(key))
        high, _ = inverse((zero, zero), pair)
        assert high[0] != 0


@pytest.mark.parametrize("value", [-1, -2, -(2**31), 2**31 - 1])
def test_a_traced_step_out_of_range_gives_nobodys_key(value):
    streams = ks.Streams(0, "noise", steps=1000, coordinates={"c": 7})
    got = jax.jit(lambda step: streams.key("noise", step))(jnp.int32(value))
    assert words(got) == threefry((0, 0), (0xFFF, value % 2**32))
    assert streams.identify(got) is None


@pytest.mark.parametrize("dtype", [jnp.int8, jnp.uint8, jnp.int16, jnp.int32, jnp.uint32])
def test_traced_values_are_checked_in_their_own_dtype(dtype):
    streams = ks.Streams(0, "noise", coordinates={"c": 100}, steps=101)
    call = jax.jit(lambda step, c: streams.key("noise", step, c=c))
    for step, c in [(0, 0), (99, 99), (100, 0), (0, 100), (-1, 0), (0, -1)]:
        if not jnp.iinfo(dtype).min <= min(step, c):
            continue
        identity = streams.identify(call(dtype(step), dtype(c)))
        if 0 <= step < 100 and 0 <= c < 100:
            assert (identity.step, identity.coordinates) == (step, {"c": c})
        else:
            assert identity is None


def test_the_reserved_step_is_out_of_range_when_traced():
    streams = ks.Streams(0, "noise")
    got = jax.jit(lambda step: streams.key("noise", step))(jnp.uint32(2**32 - 1))
    assert words(got) != words(streams.init_rngs()["noise"])
    assert streams.identify(got) is None


def test_batches_are_distinct_prefix_stable_and_no_children_of_jax():
    streams = ks.Streams(0, "noise")
    batch = streams.keys("noise", 3, 200)
    assert batch.shape == (200,)
    rows = np.asarray(jax.random.key_data(batch))
    assert len(np.unique(rows, axis=0)) == 200
    np.testing.assert_array_equal(rows[:7], jax.random.key_data(streams.keys("noise", 3, 7)))
    own = streams.key("noise", 3)
    children = np.asarray(jax.random.key_data(jax.random.split(own, 200)))
    assert not {tuple(r) for r in rows.tolist()} & {tuple(r) for r in children.tolist()}
    high_word = 2**32 - 1
    assert tuple(rows[5].tolist()) == threefry(words(own), (high_word, 5))
    assert streams.keys("noise", 3, 0).shape == (0,)


def test_identify_reads_back_what_was_derived():
    streams = ks.Streams(7, "params", "dropout", "noise", coordinates={"microbatch": 64})
    identity = streams.identify(streams.key("noise", 120, microbatch=3))
    assert identity == ks.Identity("noise", 120, {"microbatch": 3}, identity.chance)
    assert identity.chance == pytest.approx(3 * 2**32 * 64 / 2**64)
    assert str(identity).startswith("noise, step 120, microbatch 3 (a foreign key matches")
    init = streams.identify(streams.init_rngs()["dropout"])
    assert (init.stream, init.step) == ("dropout", None)
    legacy = streams.identify(jax.random.key_data(streams.key("dropout", 1)))
    assert (legacy.stream, legacy.step) == ("dropout", 1)


def test_identify_with_max_step_is_stricter_and_surer():
    streams = ks.Streams(7, "dropout")
    key = streams.key("dropout", 1000)
    assert streams.identify(key, max_step=999) is None
    assert streams.identify(key, max_step=1000).step == 1000
    assert streams.identify(key, max_step=1000).chance == pytest.approx(1002 / 2**64)
    assert streams.identify(streams.init_rngs()["dropout"], max_step=5).step is None


def test_identify_does_not_know_foreign_keys():
    streams = ks.Streams(7, "params", "dropout")
    foreign = [jax.random.key(7), jax.random.key(8), jax.random.fold_in(jax.random.key(7), 3)]
    foreign += [streams.child("teacher").key("dropout", 0), *streams.keys("dropout", 0, 3)]
    assert [streams.identify(key) for key in foreign] == [None] * len(foreign)


def test_identify_knows_which_seed_a_key_came_from():
    streams = ks.Streams(params=3, dropout=4)
    assert streams.identify(jax.random.PRNGKey(4)).stream == "dropout"
    assert streams.identify(jax.random.PRNGKey(4)).step is None
    assert streams.identify(streams.key("dropout", 8)).step == 8
    # dropout's id under the root of params is no name
    crossed = jax.random.wrap_key_data(
        np.array(key_words((0, 3), stream_id("dropout"), 8), np.uint32)
    )
    assert streams.identify(crossed) is None


def test_identify_in_a_child_gives_the_whole_name():
    teacher = ks.Streams(0, "dropout").child("teacher").child("critic")
    identity = teacher.identify(teacher.key("dropout", 4))
    assert (identity.stream, identity.step) == ("teacher/critic/dropout", 4)
    assert words(teacher.key("dropout", 4)) == key_words(
        (0, 0), stream_id("teacher/critic/dropout"), 4
    )


def test_chosen_ids_are_used_in_parent_and_child():
    streams = ks.Streams(0, "a", "b", ids={"b": 7})
    assert words(streams.key("b", 2)) == key_words((0, 0), 7, 2)
    child = streams.child("teacher", ids={"b": 9})
    assert words(child.key("b", 2)) == key_words((0, 0), 9, 2)
    assert words(child.key("a", 2)) == key_words((0, 0), stream_id("teacher/a"), 2)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ks.Streams(0, "params", "dropout"),
        lambda: ks.Streams(params=3, dropout=4),
        lambda: ks.Streams(jax.random.key(9)),
        lambda: ks.Streams(5, "a", "b", coordinates={"m": 64}, steps=1000, ids={"b": 7}, init="a"),
        lambda: ks.Streams(5, "a", "b", ids={"b": 7}).child("x").child("y", ids={"a": 11}),
        lambda: ks.Streams(jax.random.key(5, impl="rbg"), "a"),
    ],
    ids=["one seed", "seeds", "single key", "options", "child", "rbg"],
)
def test_json_pickle_and_copies_are_equal_and_give_the_same_keys(make):
    streams = make()
    again = [
        ks.Streams.from_json(streams.to_json()),
        pickle.loads(pickle.dumps(streams)),
        copy.deepcopy(streams),
    ]
    for other in again:
        assert other == streams
        assert hash(other) == hash(streams)
        assert other.declaration == streams.declaration
        name = streams.names[-1]
        np.testing.assert_array_equal(
            jax.random.key_data(other.key(name, 3)), jax.random.key_data(streams.key(name, 3))
        )


def test_equality_sees_seed_names_and_ranges():
    base = ks.Streams(0, "a", "b")
    others = [
        ks.Streams(1, "a", "b"),
        ks.Streams(0, "b", "a"),
        ks.Streams(0, "a", "b", steps=100),
        ks.Streams(0, "a", "b", init=("a",)),
        ks.Streams(0, "a", "b", ids={"a": 3}),
        ks.Streams(a=0, b=1),
        base.child("x"),
        "a",
    ]
    assert all(base != other for other in others)


def test_repr_is_the_call_that_makes_the_streams():
    for streams in (
        ks.Streams(0, "params", "dropout"),
        ks.Streams(params=3, dropout=4),
        ks.Streams(0, "a", "b", coordinates={"m": 64}, steps=1000, init=("a",)).child("x"),
        ks.Streams(5),
        ks.Streams(0, "a", "b", ids={"b": 7}),
        ks.Streams({"a": 1, "b": 2}, ids={"b": 7}).child("x").child("y", ids={"a": 8}),
    ):
        assert eval(repr(streams), {"Streams": ks.Streams}) == streams
    derived = ks.Streams(jax.random.fold_in(jax.random.key(0), 1), "a")
    assert repr(derived) == "Streams(<key 0x375f238f 0xcddb151d>, 'a')"


def test_describe_is_a_table_of_the_streams():
    streams = ks.Streams(0, "params", "dropout", coordinates={"microbatch": 64}, steps=1001)
    assert streams.child("teacher").describe() == (
        "stream           keys from        id      root\n"
        "teacher/params   init_rngs        25792   0\n"
        "teacher/dropout  init_rngs, rngs  709209  0\n"
        "step in [0, 1000), microbatch in [0, 64); threefry2x32, layout 1"
    )


def test_streams_are_immutable():
    streams = ks.Streams(0, "a")
    with pytest.raises(AttributeError, match="immutable"):
        streams.names = ("b",)


@pytest.mark.parametrize("impl", ["rbg", "threefry4x32", "philox4x32"])
def test_other_implementations_fold_the_counter_in(impl):
    try:
        root = jax.random.key(3, impl=impl)
    except ValueError:
        pytest.skip(f"this JAX has no {impl}")
    streams = ks.Streams(3, "a", "noise", coordinates={"m": 8}, impl=impl)
    assert streams == ks.Streams(root, "a", "noise", coordinates={"m": 8})
    key = streams.key("noise", 5, m=2)
    assert str(jax.random.key_impl(key)) == impl
    high = (stream_id("noise") << 12) | 2
    expected = jax.random.fold_in(jax.random.fold_in(root, np.uint32(high)), np.uint32(5))
    np.testing.assert_array_equal(jax.random.key_data(key), jax.random.key_data(expected))
    assert streams.keys("noise", 5, 3).shape == (3,)
    assert len({words(k) for k in streams.keys("noise", 5, 3)}) == 3


def test_seed_takes_text_that_utf_8_has_no_form_for():
    assert ks.seed("\udcff") != ks.seed("\udcfe")  # such as file names that are not UTF-8


def test_seed_makes_a_seed_of_anything_and_keeps_seeds():
    assert ks.seed(0) == 0
    assert ks.seed(2**32 - 1) == 2**32 - 1
    made = [ks.seed(value) for value in ("run", b"run", "7", 2**32, -1, 10**40)]
    assert made == [32707088, 4101033706, 118230280, 2093583000, 2827189733, 3686053734]
    assert all(ks.Streams(value, "a").names == ("a",) for value in made)


def test_derived_keys_are_keys_like_any_other():
    streams = ks.Streams(0, "params", "noise")
    fast = streams.rngs(3)["noise"]
    plain = jax.random.wrap_key_data(jax.random.key_data(fast))
    assert type(fast) is type(plain)
    assert fast.dtype == plain.dtype
    assert vars(fast).keys() == vars(plain).keys()
    np.testing.assert_array_equal(jax.random.normal(fast, (5,)), jax.random.normal(plain, (5,)))
    drawn = jax.jit(lambda key: jax.random.normal(jax.random.split(key)[0]))
    assert drawn(fast) == drawn(plain)
    assert jax.device_put(fast, jax.devices()[1]).devices() == {jax.devices()[1]}
    assert (fast == plain).all()
