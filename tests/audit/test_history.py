"""What the page is drawn from: every draw counted in its row and step, and the way of single keys."""

import linecache

import jax
import numpy as np
import pytest

import keystream as ks
from keystream._audit import history as histories
from keystream._audit.history import history
from keystream._audit.recording import Recording, Site
from keystream._audit.steps import Steps
from keystream._audit.timeline import timeline
from keystream._findings import Location


def rows_of(program):
    with ks.audit() as audit:
        program()
    assert audit.report is not None
    shown = audit.report.history
    return shown, list(zip(shown["rows"]["name"], shown["rows"]["kind"], strict=True))


def test_the_keys_of_streams_are_rows_under_the_names_of_their_streams():
    streams = ks.Streams(0, "params", "dropout", "noise")

    @jax.jit
    def inside(streams, step):
        return jax.random.normal(streams.key("noise", step))

    def program():
        for step in range(3):
            jax.random.bernoulli(streams.key("dropout", step))
            inside(streams, step)
            jax.vmap(jax.random.uniform)(streams.keys("params", step, 4))
        jax.random.normal(streams.child("teacher").key("dropout", 0))

    shown, rows = rows_of(program)
    assert sorted(rows) == [
        (name, "stream") for name in ("dropout", "noise", "params", "teacher/dropout")
    ]
    said = {data for kind, data in zip(shown["keys"]["kind"], shown["keys"]["data"], strict=True)
            if kind == "stream"}  # fmt: skip
    assert {"dropout, step 2", "noise, step 2", "teacher/dropout, step 0"} <= said


def test_streams_with_a_seed_each_are_named_at_init_too():
    def program():
        keys = ks.Streams(params=3, dropout=4).init_rngs()
        jax.random.normal(keys["params"])
        jax.random.normal(keys["dropout"])

    _, rows = rows_of(program)
    assert ("params", "stream") in rows
    assert ("dropout", "stream") in rows


def test_other_keys_are_rows_under_the_variable_or_the_line_of_their_seed(tmp_path, monkeypatch):
    source = (
        "import jax\n"
        "weights_key = jax.random.key(1)\n"
        "jax.random.normal(jax.random.fold_in(weights_key, 5), (2,))\n"
        "jax.random.normal(jax.random.split(jax.random.key(2))[0])\n"
        "jax.random.normal(foreign)\n"
    )
    (tmp_path / "train.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    linecache.clearcache()
    foreign = jax.random.key(9)
    code = compile(source, str(tmp_path / "train.py"), "exec")
    shown, rows = rows_of(lambda: exec(code, {"foreign": foreign}))
    assert rows == [
        ("weights_key", "seed"),
        ("train.py:4", "seed"),
        ("key at train.py:5", "line"),
    ]
    assert shown["rows"]["place"] == ["train.py:2", "", ""]


def test_a_key_that_is_drawn_from_twice_in_one_step_is_marked():
    @jax.jit
    def step(key):
        return jax.random.normal(key, (3,)) + jax.random.uniform(key, (3,))

    def program():
        for number in range(3):
            step(jax.random.fold_in(jax.random.key(0), number))

    shown, _ = rows_of(program)
    assert shown["places"]["draws"] == [3, 3]
    assert sum(shown["places"]["again"]) == 3
    assert shown["places"]["runs"][1] == [3, 1, 1]


def test_a_repeat_that_is_meant_is_no_mistake_on_the_chart():
    def program():
        key = jax.random.key(0)
        with ks.common_random_numbers("both sides of a comparison"):
            jax.random.normal(key)
            jax.random.normal(key)

    shown, _ = rows_of(program)
    assert sum(shown["places"]["again"]) == 0
    assert sorted(shown["draws"]["again"]) == [0, histories.MEANT]


def test_the_way_of_a_draw_leads_to_its_seed():
    def program():
        key = jax.random.split(jax.random.key(7), 3)[2]
        jax.random.normal(jax.random.fold_in(key, 40))

    shown, _ = rows_of(program)
    keys = shown["keys"]
    way = []
    at = shown["draws"]["key"][0]
    while at >= 0:
        way.append((keys["kind"][at], keys["data"][at]))
        at = keys["parent"][at]
    assert way == [("fold_in", 40), ("split", 2), ("seed", 7)]


def recorded(steps):
    """A run in which two places draw in each step, and a third from one key in every tenth."""
    generator = np.random.default_rng(0)
    sites = [
        Site("draw", name, (8,), "float32", (Location("train.py", line),), stream=stream)
        for name, line, stream in (
            ("normal", 3, "noise"), ("bernoulli", 4, "dropout"), ("uniform", 5, ""))
    ]  # fmt: skip
    of_step = [[0, 1, 2] if step % 10 == 0 else [0, 1] for step in range(steps)]
    at = np.array([site for each in of_step for site in each], np.uint32)
    keys = generator.integers(0, 2**63, len(at)).astype(np.uint64)
    keys[at == 2] = 5
    said = Steps()
    for step in range(steps):
        said[step + 1] = step
    calls = np.repeat(np.arange(1, steps + 1), [len(each) for each in of_step]).astype(np.uint32)
    return Recording(sites=sites, keys=keys, key_sites=at, key_calls=calls, steps=said)


@pytest.mark.parametrize("steps", [10, 10_000, 12_345])
def test_counts_are_whole_whatever_the_number_of_steps(steps):
    recording = recorded(steps)
    shown = history(recording, timeline(recording), ())
    repeated = -(-steps // 10)
    assert shown["places"]["draws"] == [steps, steps, repeated]
    assert shown["places"]["again"] == [0, 0, repeated - 1]
    for draws, runs in zip(shown["places"]["draws"], shown["places"]["runs"], strict=True):
        lengths, counts, _ = (np.array(runs[part::3]) for part in range(3))
        assert (lengths * counts).sum() == draws
        assert lengths.sum() * shown["unit"] < steps + 2 * shown["unit"]
    assert shown["unit"] == (2 if steps > 10_000 else 1)


def test_of_a_long_run_single_draws_are_a_sample_with_the_pairs_of_one_key():
    recording = recorded(10_000)
    single = history(recording, timeline(recording), ())["draws"]
    assert len(single["step"]) <= histories.DRAWS + 3
    assert {single["step"][0], single["step"][-1]} == {0, 9999}
    repeated = [n for n, again in enumerate(single["again"]) if again]
    assert repeated
    originals = [n for n, key in enumerate(single["key"]) if key == single["key"][repeated[0]]]
    assert originals[0] not in repeated


def test_a_recording_in_blocks_has_the_same_history(monkeypatch):
    recording = recorded(300)
    whole = history(recording, timeline(recording), ())
    monkeypatch.setattr("keystream._audit.store.CHUNK", 64)
    assert history(recording, timeline(recording), ()) == whole


def test_a_run_without_draws_has_none():
    assert history(Recording(), [], ()) == {}
