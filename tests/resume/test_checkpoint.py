"""Checkpoints: what was saved comes back, through Orbax, Flax, Equinox or JSON, or an error says why."""

import io
import json

import equinox as eqx
import flax.linen as nn
import flax.serialization
import jax
import jax.numpy as jnp
import numpy as np
import optax
import orbax.checkpoint as ocp
import pytest
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

import keystream as ks
from keystream.errors import (
    RestoredStateMismatchError,
    TwinSeedsError,
    UnsupportedKeyError,
    ValueOutOfRangeError,
)

STREAMS = ks.Streams(0, "params", "dropout", coordinates={"microbatch": 4})
STATE = {
    "w": jnp.arange(6, dtype=jnp.float32).reshape(2, 3),
    "half": jnp.arange(3, dtype=jnp.bfloat16),
    "flag": jnp.array([True, False]),
    "wave": jnp.array([1 + 2j], jnp.complex64),
    "key": jax.random.key(5),
    "host": np.arange(3),
    "wide": np.array([0.1, 1e300]),
    "count": 3,
}
BLANK = {
    name: value
    if isinstance(value, int)
    else jax.random.key(9)
    if name == "key"
    else np.zeros_like(value)
    if isinstance(value, np.ndarray)
    else jnp.zeros_like(value)
    for name, value in STATE.items()
}


def same(a, b):
    data = lambda x: (  # noqa: E731
        jax.random.key_data(x)
        if jnp.issubdtype(getattr(x, "dtype", int), jax.dtypes.prng_key)
        else x
    )
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(np.array_equal(np.asarray(data(x)), np.asarray(data(y))) for x, y in pairs)


def manager(directory, asynchronous):
    options = ocp.CheckpointManagerOptions(enable_async_checkpointing=asynchronous, max_to_keep=2)
    return ocp.CheckpointManager(directory, options=options)


def message(call):
    with pytest.raises(ks.errors.KeystreamError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_orbax_gives_back_step_state_and_streams(tmp_path, asynchronous):
    with manager(tmp_path, asynchronous) as first:
        assert ks.checkpoint.save(first, 10, BLANK, STREAMS)
        assert ks.checkpoint.save(first, 20, STATE, STREAMS)
    with manager(tmp_path, asynchronous) as second:
        step, state, streams = ks.checkpoint.restore(second, BLANK, STREAMS)
        assert (step, streams) == (20, STREAMS)
        assert same(state, STATE)
        assert jax.tree.map(type, state) == jax.tree.map(type, STATE)
        assert same(ks.checkpoint.restore(second, BLANK, STREAMS, step=10).state, BLANK)


def test_a_directory_serves_in_place_of_a_manager(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for step in (1, 2):
        assert ks.checkpoint.save("run", step, STATE, STREAMS)
    restored = ks.checkpoint.restore(tmp_path / "run", BLANK, None)
    assert (restored.step, restored.streams) == (2, STREAMS)
    assert ks.checkpoint.restore("run", BLANK, STREAMS, step=1).step == 1


def test_a_managers_policy_and_further_items_are_kept(tmp_path):
    options = ocp.CheckpointManagerOptions(save_interval_steps=5)
    with ocp.CheckpointManager(tmp_path, options=options) as own:
        data = ocp.args.JsonSave({"row": 7})
        saved = [ks.checkpoint.save(own, step, STATE, STREAMS, data=data) for step in range(11)]
        assert [step for step, done in enumerate(saved) if done] == [0, 5, 10]
        restored = own.restore(10, args=ocp.args.Composite(data=ocp.args.JsonRestore()))
        assert restored.data == {"row": 7}
        args = ks.checkpoint.save_args(11, STATE, STREAMS)
        assert own.save(11, args=args, force=True)
        assert ks.checkpoint.restore(own, BLANK, STREAMS).step == 11


def test_a_train_state_with_optimiser_is_restored_onto_another_mesh(tmp_path):
    variables = nn.Dense(8).init(STREAMS.init_rngs()["params"], jnp.ones((1, 4)))
    state = {"params": variables, "optimiser": optax.adam(1e-3).init(variables)}

    def spread(devices):
        mesh = jax.make_mesh((devices,), ("data",), devices=jax.devices()[:devices])
        return jax.tree.map(
            lambda x: jax.device_put(x, NamedSharding(mesh, P(*("data",) * (x.ndim == 2)))), state
        )

    ks.checkpoint.save(tmp_path, 3, spread(4), STREAMS)
    for devices in (1, 2):
        template = spread(devices)
        restored = ks.checkpoint.restore(tmp_path, template, STREAMS).state
        assert same(restored, state)
        shardings = jax.tree.map(lambda x: x.sharding, (restored, template))
        assert shardings[0] == shardings[1]


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (
            ks.Streams(0, "params", "noise", coordinates={"microbatch": 4}),
            "names differ: ['params', 'dropout'] saved, ['params', 'noise'] here",
        ),
        (
            ks.Streams(1, "params", "dropout", coordinates={"microbatch": 4}),
            "seeds differ: 0 saved, 1 here",
        ),
        (
            ks.Streams(0, "params", "dropout", coordinates={"microbatch": 4}, impl="rbg"),
            "implementations differ: threefry2x32 saved, rbg here",
        ),
        (
            ks.Streams(0, "params", "dropout", coordinates={"microbatch": 8}),
            "coordinates differ: {'microbatch': 4} saved, {'microbatch': 8} here",
        ),
        (
            ks.Streams(0, "params", "dropout", coordinates={"microbatch": 4}, steps=2**20),
            "ranges of the step differ: 4294967296 saved, 1048576 here",
        ),
        (
            ks.Streams(0, "params", "dropout", coordinates={"microbatch": 4}, init=()),
            "streams for init differ: ['params'] saved, [] here",
        ),
        (
            ks.Streams(0, "params", "dropout", coordinates={"microbatch": 4}, ids={"dropout": 7}),
            "ids differ: {'params': 950622, 'dropout': 466818} saved,"
            " {'params': 950622, 'dropout': 7} here",
        ),
        (STREAMS.child("teacher"), "namespaces differ: none saved, teacher here"),
        (
            ks.Streams(params=0, dropout=1, coordinates={"microbatch": 4}),
            "kinds of root differ: one for all saved, one a stream here",
        ),
    ],
    ids=lambda value: value.split(" differ")[0] if isinstance(value, str) else "",
)
def test_other_streams_than_those_saved_are_refused_with_both_sides(other, difference):
    text = ks.checkpoint.to_json(40, STREAMS)
    with pytest.raises(RestoredStateMismatchError) as caught:
        ks.checkpoint.from_json(text, other)
    assert caught.value.what.startswith(difference)
    assert ks.checkpoint.from_json(text, None) == (40, STREAMS)


def test_the_message_of_other_streams_is_whole(tmp_path):
    ks.checkpoint.save(tmp_path, 40, {"w": STATE["w"]}, ks.Streams(0, "params", "dropout"))
    here = ks.Streams(1, "params", "noise")
    assert message(lambda: ks.checkpoint.restore(tmp_path, {"w": STATE["w"]}, here)) == (
        "names differ: ['params', 'dropout'] saved, ['params', 'noise'] here; seeds differ: 0 saved,"
        " 1 here\n"
        f"  where: keystream.checkpoint.restore · {tmp_path} · step 40\n"
        "  why:   the run would go on with other keys than those that it was saved with\n"
        "  fix:   declare the streams as they were saved:\n"
        "         Streams(0, 'params', 'dropout')\n"
        "         or pass streams=None to take them as they were saved\n"
        "  KS005 restored-state-mismatch (keystream rule KS005)"
    )


def test_another_layout_is_refused_with_both_sides():
    stored = json.loads(ks.checkpoint.to_json(40, STREAMS))
    stored["streams"]["layout"] = 2
    del stored["sha256"]
    from keystream._checkpoint.record import _digest

    stored["sha256"] = _digest(stored)
    with pytest.raises(RestoredStateMismatchError) as caught:
        ks.checkpoint.from_json(json.dumps(stored), STREAMS)
    assert caught.value.what == "stored streams have layout 2, this is 1"


def test_a_key_of_another_implementation_is_refused_where_orbax_is_silent(tmp_path):
    ks.checkpoint.save(tmp_path, 3, {"key": jax.random.key(5)}, STREAMS)
    other = {"key": jax.random.key(5, impl="rbg")}
    assert message(lambda: ks.checkpoint.restore(tmp_path, other, STREAMS)) == (
        "'key' differs: key<fry>[] saved, key<rbg>[] here\n"
        f"  where: keystream.checkpoint.restore · {tmp_path} · step 3\n"
        "  why:   restored into another structure, dtype or implementation, the state is not the one"
        " that was saved\n"
        "  fix:   pass a state like the one that was saved, and convert what is restored\n"
        "  KS005 restored-state-mismatch (keystream rule KS005)"
    )


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ({"w": jnp.zeros(3, jnp.bfloat16)}, "'w' differs: float32[3] saved, bfloat16[3] here"),
        ({"w": jnp.zeros(4)}, "'w' differs: float32[3] saved, float32[4] here"),
        ({"v": jnp.zeros(3)}, "'w' differs: float32[3] saved, nothing here"),
        ({"w": jnp.zeros(3), "v": 1}, "'v' differs: nothing saved, int here"),
    ],
)
def test_a_state_of_another_kind_is_refused(tmp_path, template, what):
    ks.checkpoint.save(tmp_path, 3, {"w": jnp.ones(3)}, STREAMS)
    assert message(lambda: ks.checkpoint.restore(tmp_path, template, STREAMS)).startswith(what)


def test_an_abstract_state_serves_as_template(tmp_path):
    ks.checkpoint.save(tmp_path, 3, {"w": STATE["w"]}, STREAMS)
    template = {"w": jax.ShapeDtypeStruct((2, 3), jnp.float32)}
    assert same(ks.checkpoint.restore(tmp_path, template, STREAMS).state, {"w": STATE["w"]})


@pytest.mark.parametrize("step", [-1, 1.0, True, 2**32])
def test_a_step_that_is_none_is_refused(step):
    with pytest.raises(ValueOutOfRangeError):
        ks.checkpoint.to_json(step, STREAMS)


# ---------------------------------------------------------------- Flax, Equinox, JSON


class Model(eqx.Module):
    weight: jax.Array
    name: str = eqx.field(static=True, default="model")


@pytest.mark.parametrize(
    ("by", "state", "blank"),
    [
        (
            "flax",
            {"w": STATE["w"], "half": STATE["half"]},
            {"w": BLANK["w"], "half": BLANK["half"]},
        ),
        ("equinox", Model(STATE["w"]), Model(BLANK["w"])),
    ],
)
def test_flax_and_equinox_states_come_back_with_step_and_streams(tmp_path, by, state, blank):
    path = tmp_path / "state"
    ks.checkpoint.write_file(path, ks.checkpoint.to_bytes(40, state, STREAMS, by=by))
    restored = ks.checkpoint.from_bytes(path.read_bytes(), blank, STREAMS)
    assert (restored.step, restored.streams) == (40, STREAMS)
    assert same(restored.state, state)
    # The rest is the library's own format, for whoever reads it without keystream.
    line, _, content = path.read_bytes().partition(b"\n")
    assert json.loads(line)["step"] == 40
    if by == "flax":
        assert same(flax.serialization.from_bytes(blank, content), state)
    else:
        assert same(eqx.tree_deserialise_leaves(io.BytesIO(content), blank), state)


def test_cut_or_changed_bytes_are_refused_at_every_place():
    state = {"w": STATE["w"]}
    data = ks.checkpoint.to_bytes(40, state, STREAMS)
    for length in range(0, len(data), 7):
        with pytest.raises(RestoredStateMismatchError):
            ks.checkpoint.from_bytes(data[:length], state, STREAMS)
    for place in range(0, len(data), 7):
        changed = bytearray(data)
        changed[place] ^= 4
        with pytest.raises(RestoredStateMismatchError):
            ks.checkpoint.from_bytes(bytes(changed), state, None)


def test_cut_or_changed_json_is_refused_at_every_place():
    text = ks.checkpoint.to_json(40, STREAMS)
    for place in range(len(text)):
        with pytest.raises(RestoredStateMismatchError):
            ks.checkpoint.from_json(text[:place], STREAMS)
        changed = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
        with pytest.raises(RestoredStateMismatchError):
            ks.checkpoint.from_json(changed, None)


def test_the_message_of_a_damaged_record_is_whole():
    text = ks.checkpoint.to_json(40, STREAMS).replace('"step": 40', '"step": 41')
    assert message(lambda: ks.checkpoint.from_json(text, STREAMS)) == (
        "the record's checksum does not fit its content\n"
        "  where: keystream.checkpoint.from_json\n"
        "  why:   a run that goes on from a damaged record would repeat or skip draws\n"
        "  fix:   restore the checkpoint before it\n"
        "  KS005 restored-state-mismatch (keystream rule KS005)"
    )


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "state"
    ks.checkpoint.write_file(path, b"old")
    ks.checkpoint.write_file(path, b"new")
    assert path.read_bytes() == b"new"
    with pytest.raises(TypeError):
        ks.checkpoint.write_file(path, "text")
    assert path.read_bytes() == b"new"
    assert [each.name for each in tmp_path.iterdir()] == ["state"]
    with pytest.raises(FileNotFoundError):
        ks.checkpoint.write_file(tmp_path / "nowhere" / "state", b"")


class Carrying(eqx.Module):
    weight: jax.Array
    streams: ks.Streams


def through_orbax(tmp_path, state, template):
    ks.checkpoint.save(tmp_path / "run", 3, state, STREAMS)
    return ks.checkpoint.restore(tmp_path / "run", template, STREAMS).state


def through_bytes(by):
    def through(tmp_path, state, template):
        data = ks.checkpoint.to_bytes(3, state, STREAMS, by=by)
        return ks.checkpoint.from_bytes(data, template, STREAMS).state

    return through


@pytest.mark.parametrize(
    ("through", "state_of"),
    [
        (through_orbax, lambda streams: {"weight": STATE["w"], "streams": streams}),
        (through_bytes("flax"), lambda streams: {"weight": STATE["w"], "streams": streams}),
        (through_bytes("equinox"), lambda streams: Carrying(STATE["w"], streams)),
    ],
    ids=["orbax", "flax", "equinox"],
)
def test_streams_within_a_state_come_back_and_others_are_refused(tmp_path, through, state_of):
    teacher = STREAMS.child("teacher")
    state = state_of(teacher)
    restored = through(tmp_path, state, state_of(teacher))
    found = restored.streams if isinstance(restored, Carrying) else restored["streams"]
    assert found == teacher
    with pytest.raises(
        RestoredStateMismatchError, match="namespaces differ: teacher saved, none here"
    ):
        through(tmp_path / "other", state, state_of(STREAMS))


# ---------------------------------------------------------------- adoption

OLD = {
    "params": {"w": jnp.ones(3)},
    "rng": jax.random.PRNGKey(7),
    "model": {"dropout_key": jax.random.key(8), "replicas": jax.random.split(jax.random.key(1), 4)},
}


def test_the_key_of_an_old_checkpoint_becomes_the_root(tmp_path):
    with ocp.CheckpointManager(tmp_path) as own:
        own.save(3, args=ocp.args.StandardSave(OLD))
    with ocp.CheckpointManager(tmp_path) as own:
        old = own.restore(3, args=ocp.args.StandardRestore())
    assert ks.checkpoint.adopt(old, "params", "dropout", at="rng") == ks.Streams(
        7, "params", "dropout"
    )
    by_stream = ks.checkpoint.adopt(old, at={"params": "rng", "dropout": "model/dropout_key"})
    assert by_stream == ks.Streams(params=7, dropout=8)
    assert ks.checkpoint.adopt({"rng": np.array([0, 7], np.uint32)}, "a") == ks.Streams(7, "a")
    assert ks.checkpoint.adopt(OLD, "a", at="rng", coordinates={"m": 4}).declaration.sizes == {
        "m": 4
    }


def test_no_key_of_adopted_streams_is_one_that_the_old_run_could_have_drawn_from():
    root = jax.random.key(7)
    streams = ks.checkpoint.adopt({"rng": root}, "params", "dropout")
    new = {tuple(jax.random.key_data(streams.key("dropout", step)).tolist()) for step in range(200)}
    split = jax.random.key_data(jax.random.split(root, 500)).tolist()
    folded = jax.random.key_data(jax.vmap(lambda i: jax.random.fold_in(root, i))(jnp.arange(500)))
    assert not new & {tuple(words) for words in [*split, *folded.tolist()]}
    assert len(new) == 200


@pytest.mark.parametrize(
    ("stored", "at", "what"),
    [
        (OLD, None, "there are 3 keys"),
        (OLD, "params/w", "'params/w' is no key but float32[3]"),
        (OLD, "rgn", "there is nothing at 'rgn'"),
        (OLD, "model/replicas", "'model/replicas' is a batch of keys of shape (4,), not one key"),
        (
            {"a": np.zeros((8, 2), np.uint32)},
            "a",
            "'a' is a batch of keys of shape (8,), not one key",
        ),
        ({"params": jnp.ones(3)}, None, "there is no key"),
    ],
)
def test_what_is_no_single_key_is_not_adopted(stored, at, what):
    with pytest.raises(UnsupportedKeyError) as caught:
        ks.checkpoint.adopt(stored, "params", at=at)
    assert caught.value.what == what


def test_the_message_of_several_keys_names_them():
    assert message(lambda: ks.checkpoint.adopt(OLD, "params")) == (
        "there are 3 keys\n"
        "  where: keystream.checkpoint.adopt · keys at: model/dropout_key, model/replicas, rng\n"
        "  why:   a stream's root is one key, and which one decides every draw\n"
        "  fix:   name it: adopt(stored, ..., at='model/dropout_key')\n"
        "  KS006 unsupported-key (keystream rule KS006)"
    )


def test_one_key_is_not_adopted_for_two_streams():
    with pytest.raises(TwinSeedsError):
        ks.checkpoint.adopt(OLD, at={"params": "rng", "dropout": "rng"})
    with pytest.raises(ValueOutOfRangeError, match="stream 'noise' is given in two ways at once"):
        ks.checkpoint.adopt(OLD, "noise", at={"params": "rng"})


# ---------------------------------------------------------------- checksums


def test_the_checksum_of_an_array_is_the_same_on_every_mesh_and_on_the_host():
    from keystream._checkpoint.checksum import checksums

    leaves = {name: STATE[name] for name in ("w", "half", "flag", "wave")}
    leaves["big"] = jax.random.normal(jax.random.key(0), (16, 24))
    expected = checksums(leaves)
    assert checksums({name: np.asarray(leaf) for name, leaf in leaves.items()}) == expected
    for shape in ((8,), (4, 2), (2, 4)):
        mesh = jax.make_mesh(shape, ("a", "b")[: len(shape)])
        spec = P(*("a", "b")[: len(shape)])
        sharded = jax.device_put(leaves["big"], NamedSharding(mesh, spec))
        assert checksums({"big": sharded})["big"] == expected["big"]


def test_the_checksum_sees_every_single_bit():
    from keystream._checkpoint.checksum import checksums

    array = np.arange(40, dtype=np.float32)
    whole = checksums({"x": array})["x"]
    for bit in range(array.size * 32):
        changed = array.copy()
        changed.view(np.uint32)[bit // 32] ^= np.uint32(1 << bit % 32)
        assert checksums({"x": changed})["x"][0] != whole[0]
    swapped = array.copy()
    swapped[[3, 17]] = swapped[[17, 3]]
    assert checksums({"x": swapped})["x"] != whole


def test_an_array_that_jax_would_narrow_is_not_handed_out(tmp_path):
    """Without x64 a float64 becomes float32 on a device, whatever the template says."""
    ks.checkpoint.save(tmp_path, 3, {"wide": STATE["wide"]}, STREAMS)
    template = {"wide": jax.ShapeDtypeStruct((2,), np.float64)}
    what = "array 'wide' came back as float32[2], not as float64[2]\n"
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert message(lambda: ks.checkpoint.restore(tmp_path, template, STREAMS)).startswith(what)
    assert same(
        ks.checkpoint.restore(tmp_path, {"wide": np.zeros(2)}, STREAMS).state,
        {"wide": STATE["wide"]},
    )
