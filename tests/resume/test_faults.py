"""What goes wrong with disks and files: each a clear error, and the checkpoint before is still there."""

import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
import pytest

import keystream as ks
from keystream.errors import RestoredStateMismatchError

STREAMS = ks.Streams(0, "params", "dropout")
STATE = {"w": jax.random.normal(jax.random.key(0), (64, 64)), "b": jnp.ones(3)}
BLANK = jax.tree.map(jnp.zeros_like, STATE)
DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def run(tmp_path):
    """A run with checkpoints of steps 10 and 20."""
    for step in (10, 20):
        state = {**STATE, "b": STATE["b"] * step}
        ks.checkpoint.save(tmp_path / "run", step, state, STREAMS)
    return tmp_path / "run"


def refusal(run, **options):
    with pytest.raises(RestoredStateMismatchError) as caught:
        ks.checkpoint.restore(run, BLANK, STREAMS, **options)
    return caught.value


def check_the_one_before(run):
    """The damaged one is passed over on request, with a warning, and the one before is whole."""
    with pytest.warns(
        ks.checkpoint.DamagedCheckpointWarning, match="step 20 is passed over for step 10"
    ):
        step, state, _ = ks.checkpoint.restore(run, BLANK, STREAMS, skip_damaged=True)
    assert step == 10
    assert np.array_equal(state["w"], STATE["w"])
    assert np.array_equal(state["b"], STATE["b"] * 10)
    assert ks.checkpoint.restore(run, BLANK, STREAMS, step=10).step == 10


def largest_file(folder):
    return max(
        (path for path in folder.rglob("*") if path.is_file()), key=lambda p: p.stat().st_size
    )


def test_a_flipped_bit_in_an_array_is_found_where_orbax_is_silent(run):
    path = largest_file(run / "20" / "state")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with ocp.CheckpointManager(run) as alone:  # the reason why keystream checks: no error here
        template = jax.tree.map(ocp.utils.to_shape_dtype_struct, STATE)
        args = ocp.args.Composite(state=ocp.args.StandardRestore(template))
        assert not np.array_equal(alone.restore(20, args=args).state["w"], STATE["w"])
    assert str(refusal(run)) == (
        "array 'w' is not what was saved: its checksum differs\n"
        f"  where: keystream.checkpoint.restore · {run} · step 20\n"
        "  why:   a run that goes on from a damaged record would repeat or skip draws\n"
        "  fix:   restore the one before it: restore(..., step=10); with skip_damaged=True that happens"
        " by itself\n"
        "  KS005 restored-state-mismatch (keystream rule KS005)"
    )
    check_the_one_before(run)


@pytest.mark.parametrize(
    ("what", "damage"),
    [
        ("array", "cut"),
        ("array", "lost"),
        ("manifest", "cut"),
        ("manifest", "lost"),
        ("_METADATA", "cut"),
        ("streams", "cut"),
        ("streams", "lost"),
        ("state", "lost"),
    ],
)
def test_a_cut_or_lost_file_is_an_error_and_the_one_before_is_whole(run, what, damage):
    path = {
        "array": largest_file(run / "20" / "state"),
        "manifest": run / "20/state/manifest.ocdbt",
        "_METADATA": run / "20/state/_METADATA",
        "streams": run / "20/streams/metadata",
        "state": run / "20/state",
    }[what]
    if path.is_dir():
        shutil.rmtree(path)
    elif damage == "lost":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    error = refusal(run)
    start = "its streams can't be read" if what == "streams" else "its state can't be read"
    assert error.what.startswith(start)
    assert error.where.endswith("step 20")
    check_the_one_before(run)


def test_a_record_under_another_step_is_refused(run):
    """A directory that was renamed would repeat or skip steps."""
    (run / "20").rename(run / "30")
    assert refusal(run).what == "the record is that of step 20, the directory's name 30"
    assert ks.checkpoint.restore(run, BLANK, STREAMS, step=10).step == 10


def test_a_checkpoint_without_streams_is_refused(tmp_path):
    with ocp.CheckpointManager(tmp_path) as own:
        own.save(3, args=ocp.args.Composite(state=ocp.args.StandardSave(STATE)))
    assert refusal(tmp_path).what.startswith("its streams can't be read")
    assert refusal(tmp_path).fix == "there is none before it: restore a copy, or start from step 0"


def test_where_there_is_no_checkpoint_the_error_says_what_is_there(run, tmp_path):
    assert str(refusal(run, step=15)) == (
        "there is no checkpoint of step 15\n"
        f"  where: keystream.checkpoint.restore · {run} · there: 10, 20\n"
        "  why:   a run that goes on from a damaged record would repeat or skip draws\n"
        "  fix:   name one of those that are there\n"
        "  KS005 restored-state-mismatch (keystream rule KS005)"
    )
    assert refusal(tmp_path / "nowhere").what == "there is no checkpoint"
    assert not (tmp_path / "nowhere").exists()


def test_other_streams_are_refused_even_where_damage_is_passed_over(run):
    other = ks.Streams(1, "params", "dropout")
    with pytest.raises(RestoredStateMismatchError, match="seeds differ: 0 saved, 1 here"):
        ks.checkpoint.restore(run, BLANK, other, skip_damaged=True)


def test_an_unfinished_save_does_not_count(run):
    shutil.copytree(run / "20", run / "30.orbax-checkpoint-tmp")
    assert ks.checkpoint.restore(run, BLANK, STREAMS).step == 20
    ks.checkpoint.save(run, 30, STATE, STREAMS)
    assert ks.checkpoint.restore(run, BLANK, STREAMS).step == 30


# ---------------------------------------------------------------- the disk


PROGRAM = """
    import os, sys
    import jax, jax.numpy as jnp, orbax.checkpoint as ocp
    import keystream as ks

    directory, asynchronous = sys.argv[1], sys.argv[2] == "async"
    streams = ks.Streams(0, "params", "dropout")
    state = {"w": jax.random.normal(jax.random.key(0), (512, 512))}
    options = ocp.CheckpointManagerOptions(enable_async_checkpointing=asynchronous)
    manager = ocp.CheckpointManager(directory, options=options)
    ks.checkpoint.save(manager, 10, state, streams)
    manager.wait_until_finished()
    BREAK
    error = None
    for step in (20, 30):  # what a save in the background could not write is raised by the next one
        try:
            ks.checkpoint.save(manager, step, state, streams)
        except ks.errors.CheckpointNotSavedError as caught:
            error = error or caught
    print(error)
    try:
        manager.wait_until_finished()
    except Exception:
        pass
    MEND
    again = ks.checkpoint.restore(directory, state, streams)
    assert again.step == 10 and (again.state["w"] == state["w"]).all()
    ks.checkpoint.save(directory, 20, state, streams)
    assert ks.checkpoint.restore(directory, state, streams).step == 20
    sys.stdout.flush()
    os._exit(0)  # after an error in the background, Orbax's threads wait for each other for minutes
"""


def outcome(directory, asynchronous, breaking, mending, command=()):
    program = textwrap.dedent(PROGRAM).replace("BREAK", breaking).replace("MEND", mending)
    done = subprocess.run(
        [*command, sys.executable, "-c", program, directory, "async" if asynchronous else "sync"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


LIMIT = (
    "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    "whole = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, whole[1]))"
)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_file_that_may_not_grow_is_a_clear_error_and_costs_no_checkpoint(tmp_path, asynchronous):
    mending = "resource.setrlimit(resource.RLIMIT_FSIZE, whole)"
    lines = outcome(tmp_path, asynchronous, LIMIT, mending)
    assert lines[0].startswith(f"step {30 if asynchronous else 20} was not saved: ")
    assert "File too large" in lines[0]
    assert lines[1:] == [
        f"  where: keystream.checkpoint.save · {tmp_path}",
        "  why:   a crash now would throw the run back to step 10, the newest checkpoint that is whole",
        "  fix:   see to that reason (make room, let the process write there), and save again",
        "  KS012 checkpoint-not-saved (keystream rule KS012)",
    ]


def test_a_full_disk_is_a_clear_error_and_costs_no_checkpoint(tmp_path):
    mount = ["unshare", "--user", "--map-root-user", "--mount"]
    size = f"mount -t tmpfs -o size=3m none {tmp_path}"
    try:
        tried = subprocess.run([*mount, "sh", "-c", size], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare here to make a small disk with")
    if tried.returncode:
        pytest.skip("a small disk can't be mounted here")
    filling = (
        "import shutil\n"
        "free = shutil.disk_usage(directory).free\n"
        "open(os.path.join(directory, 'ballast'), 'wb').write(bytes(max(0, free - 300_000)))"
    )
    command = [*mount, "sh", "-c", f'{size} && exec "$@"', "sh"]
    freeing = "os.remove(os.path.join(directory, 'ballast'))"
    lines = outcome(tmp_path, False, filling, freeing, command)
    assert lines[0].startswith("step 20 was not saved: ")
    assert "No space left on device" in lines[0]


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_directory_that_refuses_is_a_clear_error_and_costs_no_checkpoint(tmp_path, asynchronous):
    locking = "os.chmod(directory, 0o555)\nif os.geteuid() == 0: os.seteuid(65534)"
    unlocking = "if os.getuid() == 0: os.seteuid(0)\nos.chmod(directory, 0o755)"
    for parent in [tmp_path, *list(tmp_path.parents)[:2]]:
        parent.chmod(0o755)  # so that a user without rights can look, and only look
    lines = outcome(tmp_path, asynchronous, locking, unlocking)
    assert lines[0].startswith(
        f"step {30 if asynchronous else 20} was not saved: PermissionError: "
    )


def test_a_file_that_may_not_grow_leaves_the_old_content(tmp_path):
    path = tmp_path / "state"
    ks.checkpoint.write_file(path, b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        with pytest.raises(OSError, match="File too large"):
            ks.checkpoint.write_file(path, bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["state"]


def test_what_another_version_of_jax_saved_is_restored(tmp_path):
    """tests/data/freeze_checkpoint.py wrote it with JAX 0.9.0."""
    shutil.copytree(DATA / "checkpoint.v1", tmp_path / "run")
    streams = ks.Streams(7, "params", "dropout", coordinates={"microbatch": 4})
    state = {"w": jnp.zeros((2, 3)), "key": jax.random.key(0), "half": jnp.zeros(3, jnp.bfloat16)}
    step, restored, _ = ks.checkpoint.restore(tmp_path / "run", state, streams)
    assert step == 120
    assert restored["w"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert restored["key"] == jax.random.key(5)
    assert restored["half"].tolist() == [0, 1, 2]
