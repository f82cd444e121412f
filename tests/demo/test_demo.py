"""The demonstration as its user runs it: real digits, real training, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from keystream._demo import digits, proof

ROOT = Path(__file__).parents[2]
ONE_DEVICE = {key: value for key, value in os.environ.items() if key != "XLA_FLAGS"}


def demo(*words, cwd, code=None):
    command = ["-c", code] if code else ["-m", "keystream", "demo", *words]
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=ONE_DEVICE | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """One whole run, with its folder."""
    folder = tmp_path_factory.mktemp("demo")
    return demo(cwd=folder), folder


def test_a_whole_run_reads_digits_well_and_proves_that_it_can_be_repeated(done):
    run, _ = done
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    accuracy = next(line for line in lines if line.startswith("Test accuracy"))
    assert float(accuracy.split()[-1].rstrip(".")) > 0.95
    rows = {line.split("  ")[1]: line.split() for line in lines if line.startswith("  seed")}
    digest = rows["seed 0"][-1]
    assert rows["seed 0 again"][-3:] == [digest, "the", "same"]
    assert rows["seed 0, resumed after epoch 15"][-3:] == [digest, "the", "same"]
    assert rows["seed 1"][-1] == "another"
    assert rows["seed 1"][-2] != digest
    assert lines[-1] == "Reproducible: one seed, one set of parameters, to the last bit."


def test_the_table_has_a_row_an_epoch(done):
    rows = [line.split() for line in done[0].stdout.splitlines()]
    numbers = [int(row[0]) for row in rows if len(row) == 4 and row[0].isdigit()]
    assert numbers == list(range(1, 31))


def test_in_a_pipe_there_is_neither_progress_nor_colour_and_80_columns_suffice(done):
    run, _ = done
    assert run.stderr == ""
    assert "\x1b" not in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80


def test_the_picture_is_a_png_of_some_size(done):
    content = (done[1] / "keystream-demo.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 20_000


def test_json_holds_what_the_text_shows(tmp_path):
    run = demo("--seed", "3", "--epochs", "2", "--json", "--no-picture", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    document = json.loads(run.stdout)
    assert (document["seed"], document["reproducible"], document["picture"]) == (3, True, None)
    titles = [one["title"] for one in document["runs"]]
    assert titles == ["seed 3", "seed 3 again", "seed 3, resumed after epoch 1", "seed 4"]
    assert [one["same_as_first"] for one in document["runs"]] == [True, True, True, False]
    assert [len(one["epochs"]) for one in document["runs"]] == [2, 2, 1, 2]
    assert document["test_accuracy"] == document["runs"][0]["epochs"][-1]["test"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "what", "code"),
    [
        (["--epochs", "0"], "epochs is 0, but must be in [1, 10000]", "KS002"),
        (["--seed", "-1"], "seed -1 is outside [0, 2**32)", "KS002"),
        (["--picture", "a.txt"], "'a.txt' does not end in .png, .svg or .pdf", "KS002"),
        (["--picture", "no/a.png"], "'no/a.png' is not a file in a folder that exists", "KS002"),
    ],
)
def test_a_bad_option_is_refused_before_anything_runs(tmp_path, words, what, code):
    run = demo(*words, cwd=tmp_path)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.splitlines()[0] == f"keystream demo: {what}"
    assert code in run.stderr.splitlines()[-1]


def test_a_library_that_is_missing_is_named_with_the_way_to_install_it(tmp_path):
    blocked = "import sys; sys.modules['sklearn'] = None\n"
    code = blocked + "from keystream._cli import main; sys.exit(main(['demo']))"
    run = demo(cwd=tmp_path, code=code)
    assert run.returncode == 2
    assert run.stderr == (
        "keystream demo: keystream demo needs 'sklearn', which is not installed\n"
        "  why:   it is an extra, so that the core stays small\n"
        "  fix:   python -m pip install 'keystream[demo]'\n"
        "  KS007 missing-extra (keystream rule KS007)\n"
    )


def test_the_example_is_the_program_that_the_command_runs():
    example = (ROOT / "examples" / "digits.py").read_text(encoding="utf-8")
    assert example == Path(digits.__file__).read_text(encoding="utf-8")
    assert len(example.splitlines()) <= 150


def test_every_stream_of_the_program_decides_something():
    data = digits.load()

    def trained(seeds):
        streams = digits.ks.Streams(seeds)
        state = digits.initial_state(streams)
        (state, _), *_ = digits.train(state, streams, data, range(1))
        return digits.digest(state)

    seeds = {name: place for place, name in enumerate(digits.declare(0).names)}
    outcomes = {trained(seeds)}
    for name in seeds:
        outcomes.add(trained(seeds | {name: 100}))
    assert len(outcomes) == len(seeds) + 1


def test_a_run_that_does_not_come_out_as_planned_is_marked():
    wrong = [
        proof.Plan("seed 0", 0, 0, same=True),
        proof.Plan("seed 0, expected to differ", 0, 0, same=False),
        proof.Plan("seed 1, expected to agree", 1, 0, same=True),
    ]
    runs = list(proof.carry_out(wrong, 1, lambda plan, epoch: None))
    assert [run.as_planned for run in runs] == [True, False, False]


def test_a_saved_state_holds_arrays_of_numbers_alone():
    streams = digits.declare(0)
    leaves = jax.tree.leaves(digits.initial_state(streams))
    assert all(np.asarray(leaf).dtype.kind in "fi" for leaf in leaves)
