"""Every bad input of `Streams`: the whole message, or the code where many inputs share it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import keystream as ks
from keystream import errors

STREAMS = ks.Streams(0, "params", "dropout", coordinates={"microbatch": 64})


def message(call):
    with pytest.raises(errors.KeystreamError) as caught:
        call()
    return str(caught.value)


def test_undeclared_stream_offers_the_nearest_name():
    assert message(lambda: STREAMS.key("droput", 3)) == (
        "stream 'droput' is not declared\n"
        "  where: Streams.key · declared: params, dropout\n"
        "  why:   a key under a misspelt name is not the key you meant, and nothing would show it\n"
        "  fix:   did you mean 'dropout'? Otherwise declare it: Streams(..., 'droput')\n"
        "  KS001 undeclared-stream (keystream rule KS001)"
    )
    assert message(lambda: STREAMS.keys("zzz", 3, 5)).splitlines()[3] == (
        "  fix:   declare it: Streams(..., 'zzz')"
    )


def test_undeclared_coordinate_offers_the_nearest_name():
    assert message(lambda: STREAMS.rngs(3, microbach=1)) == (
        "coordinate 'microbach' is not declared\n"
        "  where: Streams.rngs · declared: microbatch\n"
        "  why:   its range has to be known before it can be part of a key's name\n"
        "  fix:   did you mean 'microbatch'? Otherwise declare it:"
        " Streams(..., coordinates={'microbach': size})\n"
        "  KS001 undeclared-stream (keystream rule KS001)"
    )


def test_step_out_of_range():
    assert message(lambda: STREAMS.key("dropout", 2**32)) == (
        "step 4294967296 is outside [0, 4294967295)\n"
        "  where: Streams.key\n"
        "  why:   it would wrap onto another name's key\n"
        "  fix:   pass step in that range\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )
    short = ks.Streams(0, "dropout", steps=100)
    fixes = [
        message(lambda step=step: short.key("dropout", step)).splitlines()[3] for step in (-1, 99)
    ]
    assert fixes == [
        "  fix:   pass step in that range",
        "  fix:   pass step in that range, or declare a larger one"
        " (the last step is kept for init): Streams(..., steps=...)",
    ]


def test_coordinate_out_of_range():
    assert message(lambda: STREAMS.key("dropout", 0, microbatch=64)) == (
        "coordinate microbatch 64 is outside [0, 64)\n"
        "  where: Streams.key\n"
        "  why:   it would wrap onto another name's key\n"
        "  fix:   pass coordinate microbatch in that range, or declare a larger one\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_float_step():
    assert message(lambda: STREAMS.key("dropout", 1.7)) == (
        "step 1.7 is not an integer\n"
        "  where: Streams.key\n"
        "  why:   JAX would truncate 1.7 to 1 in silence, and two steps would share a key\n"
        "  fix:   pass step as an integer\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


@pytest.mark.parametrize("step", [True, "3", None])
def test_a_step_that_only_looks_like_one(step):
    assert message(lambda: STREAMS.key("dropout", step)) == (
        f"step {step!r} is not an integer\n"
        "  where: Streams.key\n"
        "  why:   a key's name holds integers; what only looks like one is refused, not guessed\n"
        "  fix:   pass step as an integer\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_a_number_of_keys_below_zero():
    assert message(lambda: STREAMS.keys("dropout", 0, -1)) == (
        "n -1 is outside [0, 2**32)\n"
        "  where: Streams.keys\n"
        "  why:   n says how many keys are made: it is the length of the result\n"
        "  fix:   pass n in that range\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


@pytest.mark.parametrize("value", [None, True, 1.5])
def test_a_seed_of_something_else(value):
    assert message(lambda: ks.seed(value)) == (
        f"{value} is neither text, bytes nor an integer\n"
        "  where: ks.seed\n"
        "  why:   the same value has to give the same seed everywhere, which no other value does\n"
        '  fix:   pass one of them: ks.seed("run 7")\n'
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_traced_float_step():
    assert message(lambda: jax.jit(lambda step: STREAMS.key("dropout", step))(1.0)) == (
        "step is of dtype float32, not an integer\n"
        "  where: Streams.key\n"
        "  why:   JAX would truncate 1.7 to 1 in silence, and two steps would share a key\n"
        "  fix:   keep step as an integer, or convert it: step.astype('uint32')\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_array_step_outside_vmap():
    assert message(lambda: STREAMS.key("dropout", jnp.arange(3))) == (
        "step is an array of shape (3,), not a scalar\n"
        "  where: Streams.key\n"
        "  why:   a key is made of one step and one value of each coordinate\n"
        "  fix:   map over it: jax.vmap(lambda step: streams.key(name, step))(steps)\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_single_key_says_so_when_another_stream_is_asked_for():
    assert message(lambda: ks.Streams(jax.random.key(0)).key("dropout", 0)) == (
        "stream 'dropout' was asked for, but a single key was given\n"
        "  where: Streams.key · a key without names is stream 'params' alone\n"
        "  why:   one key for several streams makes their draws repeat each other\n"
        '  fix:   name the streams: Streams(key, "params", "dropout")\n'
        "  KS008 single-key-given (keystream rule KS008)"
    )


def test_twin_seeds():
    assert message(lambda: ks.Streams({"params": 3, "dropout": 4, "noise": 3})) == (
        "streams 'params' and 'noise' have one seed (root key 0x0 0x3)\n"
        "  where: Streams\n"
        "  why:   at init both would hand out the same key, so their draws repeat each other\n"
        "  fix:   give one a seed of its own, or one seed for all:"
        ' Streams(0, "params", "noise")\n'
        "  KS009 twin-seeds (keystream rule KS009)"
    )


def test_seed_out_of_range():
    assert message(lambda: ks.Streams(2**32, "a")) == (
        "seed 4294967296 is outside [0, 2**32)\n"
        "  where: Streams\n"
        "  why:   JAX would keep its lowest 32 bits and give two seeds one key, in silence\n"
        "  fix:   pass a seed in that range, or make one of anything else: ks.seed(...)\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_seed_of_text():
    assert message(lambda: ks.Streams({"params": "run 7"})) == (
        "seed 'run 7' is not an integer\n"
        "  where: Streams · stream 'params'\n"
        "  why:   a seed is an integer in [0, 2**32)\n"
        "  fix:   pass such an integer, or make one of anything else: ks.seed(...)\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_two_thousand_names_work_or_name_the_clash_with_a_remedy_that_works():
    names = [f"n{place}" for place in range(2000)]
    text = message(lambda: ks.Streams(0, *names))
    assert text == (
        "streams 'n381' and 'n413' have one id, 113287, and 2 more pairs do\n"
        "  where: Streams\n"
        "  why:   equal ids are equal keys; an id is 20 bits of the name's hash, and these two meet\n"
        "  fix:   give ids of your own: ids={'n413': 1, 'n914': 2, 'n1878': 3}\n"
        "  KS003 stream-id-clash (keystream rule KS003)"
    )
    streams = ks.Streams(0, *names, ids={"n413": 1, "n914": 2, "n1878": 3})
    rows = np.stack([jax.random.key_data(key) for key in streams.rngs(1).values()])
    assert len(np.unique(rows, axis=0)) == 2000


def test_a_child_that_clashes_with_its_parent_or_a_sibling_is_refused():
    streams = ks.Streams(0, "x", ids={"x": 9})
    assert message(lambda: streams.child("teacher", ids={"x": 9})) == (
        "streams 'x' and 'teacher/x' have one id, 9\n"
        "  where: Streams.child\n"
        "  why:   equal ids are equal keys; an id is 20 bits of the name's hash, and these two meet\n"
        "  fix:   give ids of your own: ids={'x': 1};"
        " for many alike, one declared coordinate serves better\n"
        "  KS003 stream-id-clash (keystream rule KS003)"
    )
    streams.child("teacher", ids={"x": 10})
    text = message(lambda: ks.Streams(5, "x", ids={"x": 9}).child("student", ids={"x": 10}))
    assert text.startswith("streams 'teacher/x' and 'student/x' have one id, 10\n")
    assert streams.child("teacher", ids={"x": 10}) == streams.child("teacher", ids={"x": 10})


def test_coordinates_that_do_not_fit():
    assert message(lambda: ks.Streams(0, "a", coordinates={"m": 64, "r": 65})) == (
        "steps and coordinates do not fit: steps 4294967296 x m 64 x r 65 = 17867063951360 > 2**44\n"
        "  where: Streams(..., steps=..., coordinates=...)\n"
        "  why:   a name that does not fit in the counter would wrap onto another name's key\n"
        "  fix:   with these coordinates there is room for steps=4228890876\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )
    ks.Streams(0, "a", coordinates={"m": 64, "r": 65}, steps=4228890876)
    huge = message(lambda: ks.Streams(0, "a", coordinates={"m": 2**32, "r": 2**32}))
    assert "declare smaller coordinates" in huge


def test_unsafe_rbg_is_refused():
    text = (
        "key implementation 'unsafe_rbg' is refused\n"
        "  where: Streams\n"
        "  why:   its fold_in commutes and undoes itself, so distinct names would share keys\n"
        "  fix:   take impl='threefry2x32', or 'rbg' where its speed is needed\n"
        "  KS006 unsupported-key (keystream rule KS006)"
    )
    assert message(lambda: ks.Streams(jax.random.key(0, impl="unsafe_rbg"), "a")) == text
    assert message(lambda: ks.Streams(0, "a", impl="unsafe_rbg")) == text


def test_raw_key_of_wrong_shape():
    assert message(lambda: ks.Streams(np.zeros((3,), np.uint32), "a")) == (
        "a key of shape (3,) and dtype uint32 can't be a root key\n"
        "  where: Streams\n"
        "  why:   a root key is one key: its words are what every name's key is derived under\n"
        "  fix:   pass jax.random.key(seed), a legacy uint32[2] key, or a seed;"
        " take vmap for several\n"
        "  KS006 unsupported-key (keystream rule KS006)"
    )


def test_json_of_another_layout():
    other = STREAMS.to_json().replace('"layout": 1', '"layout": 2')
    assert message(lambda: ks.Streams.from_json(other)) == (
        "stored streams have layout 2, this is 1\n"
        "  where: Streams.from_json\n"
        "  why:   going on with other keys than those that were saved would not show\n"
        "  fix:   restore a whole copy, with a version of keystream that knows its layout\n"
        "  KS005 restored-state-mismatch (keystream rule KS005)"
    )


def test_every_truncation_of_the_json_is_refused():
    text = STREAMS.child("teacher").to_json()
    for length in range(len(text)):
        with pytest.raises(errors.RestoredStateMismatchError):
            ks.Streams.from_json(text[:length])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"names": ["params", "dropout"]', '"names": ["params"]'),
        ('"roots": [[0, 0]]', '"roots": [[0, -1]]'),
        ('"roots": [[0, 0]]', '"roots": [[0, 0, 0]]'),
        ('"roots": [[0, 0]]', '"roots": [[0, 0], [0, 1]]'),
        ('"roots": [[0, 0]]', '"roots": [[0, 1.5]]'),
        ('"roots": [[0, 0]]', '"roots": "zero"'),
        ('"impl": "threefry2x32"', '"impl": "unsafe_rbg"'),
        ('"impl": "threefry2x32"', '"impl": "no_such"'),
        ('"steps": 4294967296', '"steps": null'),
        ('"steps": 4294967296', '"sleeps": 4294967296'),
        ('"format": "keystream.streams"', '"format": "other"'),
    ],
)
def test_damaged_json_is_refused(old, new):
    text = STREAMS.to_json()
    assert old in text
    with pytest.raises(errors.RestoredStateMismatchError):
        ks.Streams.from_json(text.replace(old, new))


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "\x00", None, b"\xff", "[" * 100_000])
def test_what_is_no_stored_streams_is_refused(text):
    with pytest.raises(errors.RestoredStateMismatchError):
        ks.Streams.from_json(text)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: ks.Streams(0, "a", "b", "a"), "KS003"),
        *[
            (lambda name=name: ks.Streams(0, name), "KS002")
            for name in (
                "coordinates",
                "steps",
                "ids",
                "init",
                "impl",
                "layout",
                "",
                "a/b",
                3,
                None,
                "a\nb",
                "\ud800",
            )
        ],
        *[
            (lambda name=name: ks.Streams(0, "a", coordinates={name: 4}), "KS002")
            for name in ("self", "name", "step", "n", "ids", "", 5)
        ],
        *[
            (lambda seed=seed: ks.Streams(seed, "a"), "KS002")
            for seed in (-1, 2**32, 1e20, 1.0, float("nan"), "0", None, True, jnp.int32(3), 10**30)
        ],
        (lambda: ks.Streams(a=-1), "KS002"),
        (ks.Streams, "KS002"),
        (lambda: ks.Streams({}), "KS002"),
        (lambda: ks.Streams(0, "a", b=1), "KS002"),
        (lambda: ks.Streams({"a": 1}, "b"), "KS002"),
        (lambda: ks.Streams({"a": 1}, a=2), "KS002"),
        *[
            (lambda step=step: STREAMS.key("dropout", step), "KS002")
            for step in (
                *(-1, 2**32 - 1, 2**32, 1.7, float("nan"), "3", None, True, np.float32(1)),
                *(np.array([1]), jnp.ones(2, jnp.int32), jnp.bool_(True), 10**30),
            )
        ],
        (lambda: STREAMS.key("dropout", 0, microbatch=-1), "KS002"),
        (lambda: STREAMS.key("dropout", 0, microbatch=1.5), "KS002"),
        (lambda: STREAMS.key(["dropout"], 0), "KS001"),
        (lambda: STREAMS.keys("dropout", 0, -1), "KS002"),
        (lambda: STREAMS.keys("dropout", 0, 1.5), "KS002"),
        (lambda: STREAMS.init_rngs(replica=1), "KS001"),
        (lambda: ks.Streams(0, "a", steps=1), "KS002"),
        (lambda: ks.Streams(0, "a", steps=2**32 + 1), "KS002"),
        (lambda: ks.Streams(0, "a", steps=10.0), "KS002"),
        (lambda: ks.Streams(0, "a", coordinates={"m": 0}), "KS002"),
        (lambda: ks.Streams(0, "a", ids={"b": 3}), "KS001"),
        (lambda: ks.Streams(0, "a", ids={"a": 0}), "KS002"),
        (lambda: ks.Streams(0, "a", ids={"a": 2**20}), "KS002"),
        (lambda: ks.Streams(0, "a", ids={"a": 1.5}), "KS002"),
        (lambda: ks.Streams(0, "a", "b", ids={"a": 3, "b": 3}), "KS003"),
        (lambda: ks.Streams(0, "a", init=("b",)), "KS001"),
        (lambda: ks.Streams(0, "a", init=3), "KS002"),
        (lambda: ks.Streams(0, "a", ids=[3]), "KS002"),
        (lambda: STREAMS.child("a", ids=[3]), "KS002"),
        *[
            (lambda layout=layout: ks.Streams(0, "a", layout=layout), "KS005")
            for layout in (2, 1.0, True, "1", np.array([1, 1]))
        ],
        (lambda: ks.Streams(0, "a", impl="no_such"), "KS006"),
        (lambda: ks.Streams(jax.random.key(0), "a", impl="rbg"), "KS006"),
        (lambda: ks.Streams(jax.random.split(jax.random.key(0), 3), "a"), "KS006"),
        (lambda: ks.Streams(np.zeros(2, np.int32), "a"), "KS006"),
        (lambda: ks.Streams(np.zeros((1, 2), np.uint32), "a"), "KS006"),
        (lambda: STREAMS.child(""), "KS002"),
        (lambda: STREAMS.child("a/b"), "KS002"),
        (lambda: STREAMS.child("a", ids={"zzz": 4}), "KS001"),
        (lambda: STREAMS.identify(jax.random.key(0, impl="rbg")), "KS006"),
        (lambda: STREAMS.identify(np.zeros(3, np.uint32)), "KS006"),
        (lambda: STREAMS.identify(jax.random.split(jax.random.key(0))), "KS006"),
        (lambda: STREAMS.identify(None), "KS006"),
        (lambda: STREAMS.identify(jax.random.key(0), max_step=1.5), "KS002"),
        (lambda: STREAMS.identify(jax.random.key(0), max_step=-1), "KS002"),
        (lambda: jax.jit(lambda s: s.to_json())(STREAMS), "KS006"),
        (lambda: jax.jit(STREAMS.identify)(jax.random.key(0)), "KS006"),
        (lambda: ks.seed(1.5), "KS002"),
        (lambda: ks.seed(None), "KS002"),
    ],
)
def test_bad_input_gets_its_code(call, code):
    with pytest.raises(errors.KeystreamError) as caught:
        call()
    assert caught.value.code == code


def test_streams_of_an_implementation_without_inverse_say_so():
    streams = ks.Streams(0, "a", impl="rbg")
    with pytest.raises(errors.UnsupportedKeyError, match="can't be read back to a name"):
        streams.identify(streams.key("a", 0))


def test_legacy_keys_of_other_implementations_need_their_name():
    raw = jax.random.key_data(jax.random.key(3, impl="rbg"))
    assert ks.Streams(raw, "a", impl="rbg") == ks.Streams(3, "a", impl="rbg")
    with pytest.raises(errors.UnsupportedKeyError):
        ks.Streams(raw, "a")


def test_a_batch_of_streams_has_to_be_mapped_over():
    ensemble = jax.vmap(lambda seed: ks.Streams(seed, "a"))(jnp.arange(3, dtype=jnp.uint32))
    assert repr(ensemble) == "Streams(<batch (3,)>, 'a')"
    text = (
        "these streams hold a batch of root keys, of shape (3,)\n"
        "  where: Streams\n"
        "  why:   they were made under vmap, and a key is made under one root\n"
        "  fix:   map over them: jax.vmap(lambda streams: streams.key(name, step))(streams)\n"
        "  KS006 unsupported-key (keystream rule KS006)"
    )
    assert message(lambda: ensemble.key("a", 0)) == text
    assert message(lambda: ensemble.identify(jax.random.key(0))) == text
    assert message(ensemble.to_json) == text  # it could not be read back


def test_coordinates_that_are_no_mapping():
    assert message(lambda: ks.Streams(0, "a", coordinates=["microbatch"])) == (
        "coordinates is ['microbatch'], not a mapping\n"
        "  where: Streams(..., coordinates=...)\n"
        "  why:   it says something of each name\n"
        '  fix:   write coordinates={"microbatch": 64}\n'
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_names_in_a_list_are_to_be_unpacked():
    assert message(lambda: ks.Streams(0, ["params", "dropout"])) == (
        "['params', 'dropout'] can't be the name of a stream\n"
        "  where: Streams\n"
        "  why:   a name is printable text without '/', which joins namespaces, and not that of an"
        " option (coordinates, steps, ids, init, impl, layout)\n"
        '  fix:   pass each name as an argument of its own: Streams(0, "params", "dropout")\n'
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_keys_of_two_implementations_do_not_mix():
    rbg = jax.random.key(0, impl="rbg")
    assert message(lambda: ks.Streams({"a": 1, "b": rbg})) == (
        "a key of implementation 'rbg' is given where 'threefry2x32' is asked for\n"
        "  where: Streams · stream 'b'\n"
        "  why:   all streams of one Streams have one implementation, which decides their bits\n"
        "  fix:   pass jax.random.key(seed, impl='threefry2x32'), or impl='rbg' to Streams\n"
        "  KS006 unsupported-key (keystream rule KS006)"
    )
