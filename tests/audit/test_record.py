"""An audit saves what it saw, whole or not at all, and a saved record is read without JAX."""

import json
import subprocess
import sys

import jax
import numpy as np
import pyarrow.parquet as pq
import pytest
from recorded import keystream, recorded

import keystream as ks
from keystream._audit import parquet, store
from keystream._audit.again import drawn_again
from keystream._audit.recording import Recording, Site
from keystream._audit.steps import Steps, ordinals
from keystream._audit.store import Columns
from keystream._audit.timeline import timeline

TRAIN = """\
import jax

@jax.jit
def step(w, key):
    return w + jax.random.normal(key, w.shape)

key, w = jax.random.key(7), jax.numpy.zeros(3)
for i in range(4):
    w = step(w, jax.random.fold_in(key, i))
"""
COLUMNS = [
    "call",
    "step",
    "site",
    "line",
    "key",
    "kind",
    "distribution",
    "shape",
    "dtype",
    "module_path",
    "stream",
    "path",
    "function",
]


def test_a_record_has_one_row_a_use_of_a_key(tmp_path):
    table = pq.read_table(recorded(tmp_path, "run", TRAIN))
    assert table.schema.names == COLUMNS
    rows = [row for row in table.to_pylist() if row["kind"] == "draw"]
    root = jax.random.key(7)
    words = [jax.random.key_data(jax.random.fold_in(root, i)).tolist() for i in range(4)]
    assert [row["key"] for row in rows] == [high << 32 | low for high, low in words]
    assert [row["step"] for row in rows] == [0, 1, 2, 3]
    assert {(row["path"], row["line"], row["function"]) for row in rows} == {
        ("train.py", 5, "step")
    }
    assert {(row["distribution"], row["shape"], row["dtype"]) for row in rows} == {
        ("normal", "(3,)", "float32")
    }
    about = json.loads(table.schema.metadata[b"keystream"])
    assert about["version"] == parquet.VERSION
    assert about["program"] == "train.py"
    assert about["summary"]["draws"] == 4
    assert [seed for seed, _ in about["seeds"]] == [7]


def test_a_program_that_fails_is_recorded_up_to_there(tmp_path):
    path = recorded(tmp_path, "run", TRAIN + "raise RuntimeError('mine')\n")
    saved = parquet.load(path)
    assert saved.error == "RuntimeError: mine"
    assert saved.summary["draws"] == 4


def test_steps_that_the_program_says_are_those_of_the_record(tmp_path):
    path = tmp_path / "run.parquet"
    with ks.audit(record=path):
        for number in (100, 101):
            ks.step(number)
            jax.random.normal(jax.random.key(number))
    saved = parquet.load(path)
    draws = np.array([site.kind == "draw" for site in saved.sites])[saved.key_sites]
    assert saved.steps[draws].tolist() == [100, 101]
    assert saved.said_since is not None


def test_a_block_that_raises_is_recorded(tmp_path):
    path = tmp_path / "run.parquet"

    def fail():
        jax.random.normal(jax.random.key(0))
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"), ks.audit(record=path):
        fail()
    assert parquet.load(path).error == "RuntimeError: mine"


def test_the_order_of_the_keys_in_a_loop_is_kept(tmp_path):
    path = tmp_path / "run.parquet"
    keys = jax.random.split(jax.random.key(0), 8)
    with ks.audit(record=path):
        jax.lax.map(jax.random.normal, keys)
    saved = parquet.load(path)
    words = jax.random.key_data(keys).tolist()
    assert saved.keys.tolist() == [high << 32 | low for high, low in words]


def test_a_record_that_could_not_be_saved_is_refused_before_the_program_runs(tmp_path):
    (tmp_path / "train.py").write_text("print('ran')\n")
    done = keystream("audit", "--record", "no/run.parquet", "train.py", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    path = tmp_path / "no" / "run.parquet"
    assert done.stderr == (
        f"keystream audit: the record {path} can't be written: its directory is not there\n"
        "  why:   the program was not run: at its end, what it drew could not have been saved\n"
        "  fix:   name a file in a directory that can be written to: --record run.parquet\n"
        "  KS013 record-not-saved (keystream rule KS013)\n"
    )


def test_a_save_that_fails_keeps_the_record_before_and_shows_the_report(tmp_path):
    path = recorded(tmp_path, "run", TRAIN)
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
    ignore = "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    (tmp_path / "train.py").write_text(TRAIN + ignore + limit)
    done = keystream("audit", "--record", "run.parquet", "train.py", cwd=tmp_path)
    assert done.returncode == 2
    assert "keystream audit: nothing found" in done.stdout
    assert "can't be written: File too large" in done.stderr
    assert done.stderr.count("\n") == 4
    kept = path.read_bytes()  # that of before, or what was saved meanwhile
    assert kept[:4] == kept[-4:] == b"PAR1"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["run.parquet", "train.py"]


def test_without_pyarrow_the_install_line_is_printed(tmp_path):
    (tmp_path / "train.py").write_text("print('ran')\n")
    (tmp_path / "pyarrow.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'pyarrow'\", name='pyarrow')\n"
    )
    for words in (("audit", "--record", "run.parquet", "train.py"), ("diff", "a", "b")):
        done = keystream(*words, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stdout == ""
        assert "needs 'pyarrow', which is not installed" in done.stderr
        assert "  fix:   python -m pip install pyarrow\n" in done.stderr


def _set_version(path, version):
    table = pq.read_table(path)
    about = {**json.loads(table.schema.metadata[b"keystream"]), "version": version}
    pq.write_table(table.replace_schema_metadata({b"keystream": json.dumps(about)}), path)


def _flip(path):
    """Change one bit of the keys in the file."""
    saved = parquet.load(path)
    raw = bytearray(path.read_bytes())
    at = raw.index(saved.keys.tobytes())
    raw[at] ^= 1
    path.write_bytes(bytes(raw))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-200]), "Parquet magic bytes"),
        (lambda path: path.write_text("words"), "Parquet"),
        (
            lambda path: pq.write_table(pq.read_table(path).replace_schema_metadata(), path),
            "no record",
        ),
        (lambda path: _set_version(path, 99), "it is of version 99, not 1"),
        (_flip, "CRC"),
    ],
    ids=["cut off", "something else", "another table", "of a later version", "damaged"],
)
def test_what_is_no_whole_record_is_refused(tmp_path, spoil, says):
    path = tmp_path / "run.parquet"
    with ks.audit(record=path):
        for number in range(5):
            jax.random.normal(jax.random.key(number))
    spoil(path)
    with pytest.raises(ks.errors.RestoredStateMismatchError, match="can't be read") as caught:
        parquet.load(path)
    assert says in str(caught.value)


def test_a_record_is_read_without_jax(tmp_path):
    path = recorded(tmp_path, "run", TRAIN)
    code = (
        "import sys\nfrom keystream._cli import main\n"
        f"assert main(['diff', {str(path)!r}, {str(path)!r}]) == 0\n"
        "assert not {'jax', 'jaxlib', 'flax'} & set(sys.modules)\n"
    )
    (tmp_path / "reads.py").write_text(code)
    done = _python("reads.py", tmp_path)
    assert done.returncode == 0, done.stderr


def _python(name, cwd):
    return subprocess.run(
        [sys.executable, name], cwd=cwd, capture_output=True, text=True, check=False, timeout=60
    )


# ---------------------------------------------------------------- what does not fit in memory


def test_rows_beyond_the_limit_lie_on_disk_and_come_back(monkeypatch):
    monkeypatch.setattr(store, "IN_MEMORY", 2000)
    monkeypatch.setattr(store, "CHUNK", 1000)
    columns = Columns(np.uint64, np.uint32)
    for start in range(0, 10_000, 300):
        columns.append(np.arange(start, start + 300, dtype=np.uint64), start)
    keys, starts = columns.read()
    assert isinstance(keys, np.memmap)
    assert np.array_equal(keys, np.arange(10_200))
    assert np.array_equal(starts, np.repeat(np.arange(0, 10_000, 300), 300))
    assert len(columns) == 10_200


def test_what_was_read_stays_as_it_is_when_more_is_added():
    columns = Columns(np.uint64)
    columns.append(np.arange(1024, dtype=np.uint64))
    (before,) = columns.read()
    columns.append(np.arange(5_000_000, dtype=np.uint64))
    assert np.array_equal(before, np.arange(1024))


def test_an_audit_that_spills_finds_and_saves_the_same(monkeypatch, tmp_path):
    def draw():
        keys = jax.random.split(jax.random.key(3), 500)
        for key in (*keys, keys[7]):
            jax.random.bits(key)

    with ks.audit(record=tmp_path / "memory.parquet") as whole:
        draw()
    monkeypatch.setattr(store, "IN_MEMORY", 100)
    monkeypatch.setattr(store, "CHUNK", 64)
    with ks.audit(record=tmp_path / "disk.parquet") as spilled:
        draw()
    assert isinstance(spilled.recording.keys, np.memmap)
    assert whole.report is not None
    assert spilled.report is not None
    assert [found.code for found in spilled.findings] == [found.code for found in whole.findings]
    assert len(whole.findings) == 1
    assert dict(spilled.report.summary) == dict(whole.report.summary)
    assert spilled.report.timeline == whole.report.timeline
    first, second = (parquet.load(tmp_path / f"{name}.parquet") for name in ("memory", "disk"))
    assert np.array_equal(first.keys, second.keys)
    assert np.array_equal(first.steps, second.steps)


def test_a_full_disk_loses_rows_and_says_so(monkeypatch):
    monkeypatch.setattr(store, "IN_MEMORY", 50)

    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.tempfile, "TemporaryFile", full)
    with ks.audit() as audit:
        for number in range(600):
            jax.random.bits(jax.random.key(number))
    assert audit.report is not None
    assert any("No space left on device" in reason for reason in audit.report.summary["unseen"])


# ---------------------------------------------------------------- judging in blocks


def test_draws_of_one_key_are_found_whatever_the_size_of_a_block(monkeypatch):
    generator = np.random.default_rng(0)
    keys = generator.integers(0, 600, 1000).astype(np.uint64) << np.uint64(40)
    recording = Recording(sites=[Site("draw"), Site("split")])
    recording.keys = keys
    recording.key_sites = generator.integers(0, 2, 1000).astype(np.uint32)
    recording.key_calls = np.arange(1000, dtype=np.uint32)
    monkeypatch.setattr(store, "CHUNK", 64)
    monkeypatch.setattr("keystream._audit.again.CHUNK", 64)
    found = drawn_again(recording)
    draws = np.flatnonzero(recording.key_sites == 0)
    values, sizes = np.unique(keys[draws], return_counts=True)
    expected = [row for value in values[sizes > 1] for row in draws[keys[draws] == value]]
    assert found.rows.tolist() == expected
    assert (found.draws, found.keys) == (len(draws), len(values))
    rows = timeline(recording)
    assert sum(rows[0]["draws"]) == len(draws)
    assert sum(rows[0]["repeated"]) == len(draws) - len(values)


def test_calls_are_counted_at_their_site_whatever_the_size_of_a_block(monkeypatch):
    monkeypatch.setattr(store, "CHUNK", 7)
    sites = np.array([0, 1, 1, 0, 2, 1, 0, 0, 1, 2, 2, 2, 0], np.uint32)
    calls = np.array([0, 0, 0, 1, 2, 3, 4, 4, 4, 5, 5, 6, 7], np.uint32)
    found = np.concatenate([numbers for _, numbers in ordinals(sites, calls, 3)])
    assert found.tolist() == [0, 0, 0, 1, 0, 1, 2, 2, 2, 1, 1, 2, 3]


def test_steps_are_kept_where_they_change():
    steps = Steps()
    for call, step in ((3, 10), (4, 10), (5, 11), (6, 11)):
        steps[call] = step
    assert [call in steps for call in (2, 3, 9)] == [False, True, True]
    assert [steps[call] for call in (3, 4, 5, 9)] == [10, 10, 11, 11]
    calls, counted = np.arange(2, 7), np.zeros(5, np.int64)
    assert steps.said(calls, counted).tolist() == [0, 10, 10, 11, 11]
