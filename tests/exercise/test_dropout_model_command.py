"""``keystream dropout-model``: numbers from words, files and a pipe, output and explanation."""

import json
import shlex
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest

from keystream._cli import main
from keystream._cli.dropout_model import prepare
from keystream.dropout_model import run_dropout_model

THE_ISSUES = shlex.split("--seed 0 --x 1,2,3,4 --dropout-seed 7 --drop-rate 0.5 --deterministic 0")


@pytest.fixture
def run(capsys):
    """Run the command and read its JSON."""

    def run(*words):
        assert main(["dropout-model", *words, "--json"]) == 0
        shown, errors = capsys.readouterr()
        assert errors == ""
        return json.loads(shown, parse_constant=pytest.fail)

    return run


def test_the_output_is_that_of_the_function(capsys):
    assert main(["dropout-model", *THE_ISSUES]) == 0
    shown, errors = capsys.readouterr()
    output = run_dropout_model(0.0, jnp.array([1.0, 2.0, 3.0, 4.0]), 7.0, 0.5, 0.0)
    assert np.array(shown.split(", "), np.float32).tolist() == output.tolist()
    assert errors == ""


def test_into_a_pipe_go_the_numbers_alone():
    command = [sys.executable, "-m", "keystream", "dropout-model", *THE_ISSUES]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("-1.3696913, 0.0, 0.0, 0.0\n", "")


def test_json_holds_inputs_and_output(run):
    document = run(*THE_ISSUES)
    assert document == {
        "seed": 0,
        "dropout_seed": 7,
        "drop_rate": 0.5,
        "deterministic": 0,
        "x": [1.0, 2.0, 3.0, 4.0],
        "output": run_dropout_model(0, jnp.array([1.0, 2.0, 3.0, 4.0]), 7, 0.5, 0).tolist(),
    }


def test_json_has_words_for_what_it_has_no_numbers_for(run):
    document = run("--x", "nan,-inf,1", "--deterministic", "inf", "--seed", str(2**63 - 1))
    assert document["x"] == ["NaN", "-Infinity", 1.0]
    assert document["deterministic"] == "Infinity"
    assert document["seed"] == 2**63 - 1


@pytest.mark.parametrize(
    "words",
    [
        ["--x", "-1,2.5,-3e-9"],
        ["--x=-1,2.5,-3e-9"],
        ["--x", "-1", "2.5", "-3e-9"],
        ["--x", "-1,", "2.5,", "-3e-9"],
        ["--x", "[-1, 2.5, -3e-9]"],
        ["--x", '["-1", "2.5", "-3e-9"]'],
        ["--x", " -1 2.5\t-3e-9\n"],
    ],
)
def test_numbers_may_be_written_in_many_ways(run, words):
    assert run(*words)["x"] == [-1.0, 2.5, -3e-9]


def test_negative_values_are_no_options():
    words = "--x -1,2 --seed -1e3 --json --dropout-seed=-5 --x -.5 -inf - -h --explain"
    assert prepare(shlex.split(words)) == [
        "--x=-1,2",
        "--seed=-1e3",
        "--json",
        "--dropout-seed=-5",
        "--x=-.5 -inf -",
        "-h",
        "--explain",
    ]
    assert prepare(["words", "-1", "--x"]) == ["words", "-1", "--x"]


def test_negative_seeds_are_taken(run):
    document = run("--x", "1", "--seed", "-1e3", "--dropout-seed", "-7")
    assert (document["seed"], document["dropout_seed"]) == (-1000.0, -7)


FILES = {
    "row.csv": b"1.5,-2\n",
    "column.csv": b"value\r\n1.5\r\n\r\n-2\r\n",
    "named.csv": b'"a","b"\n1.5, -2\n',
    "with byte order mark.CSV": b"\xef\xbb\xbf1.5,-2",
    "list.json": b" [1.5, -2]\n",
}


@pytest.mark.parametrize(("name", "content"), FILES.items(), ids=FILES)
def test_numbers_may_be_in_a_text_file(run, tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert run("--x", str(path))["x"] == [1.5, -2.0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.uint8])
def test_numbers_may_be_in_a_numpy_file(run, tmp_path, dtype):
    path = tmp_path / "x.npy"
    np.save(path, np.array([1, 2, 250], dtype))
    assert run("--x", str(path))["x"] == [1.0, 2.0, 250.0]


def test_integers_that_jax_would_wrap_become_floats(run, tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.array([2**40, -1]))
    document = run("--x", str(path), "--deterministic", "1")
    x = jnp.array([2.0**40, -1.0], jnp.float32)
    assert document["output"] == run_dropout_model(0, x, 1, 0.5, 1).tolist()


@pytest.mark.parametrize("content", [b"1 2\n3,4", b"[1,2,3,4]", b"\xef\xbb\xbf1,2,3,4\r\n"])
def test_numbers_may_come_from_standard_input(run, standard_input, content):
    standard_input(content)
    assert run("--x", "-")["x"] == [1.0, 2.0, 3.0, 4.0]


BOTH = """\
init   params   DropoutModel/Dense_0
       dropout  DropoutModel/Dropout_0
"""
WEIGHTS = "- init draws the dense layer's weights from 'params', with seed.\n"
WHY_INIT = """\
- init also runs the layers once with deterministic=False, so Dropout draws a
  mask from 'dropout', with dropout_seed, and throws it away; without that key
  Flax would use 'params' in silence.
"""


@pytest.mark.parametrize(
    ("words", "explanation"),
    [
        (
            ["--drop-rate", "0.5"],
            f"{BOTH}apply  dropout  DropoutModel/Dropout_0\n\n{WEIGHTS}{WHY_INIT}"
            "- apply has deterministic=False: Dropout draws its mask from 'dropout', with\n"
            "  dropout_seed.\n",
        ),
        (
            ["--deterministic", "1"],
            f"{BOTH}apply  no stream\n\n{WEIGHTS}{WHY_INIT}"
            "- apply has deterministic=True: Dropout hands its input on, and needs no key.\n",
        ),
        (
            ["--drop-rate", "1"],
            "init   params  DropoutModel/Dense_0\napply  no stream\n\n"
            + WEIGHTS
            + "- init draws no"
            " mask: rate 1 leaves nothing to chance.\n- apply draws no mask: rate 1 leaves nothing"
            " to chance.\n",
        ),
    ],
)
def test_the_explanation_says_which_streams_are_used_and_why(capsys, words, explanation):
    assert main(["dropout-model", "--x", "1,2", "--explain", *words]) == 0
    numbers, _, shown = capsys.readouterr().out.partition("\n\n")
    assert len(numbers.split(", ")) == 2
    assert shown == explanation


def test_the_explanation_in_json_names_streams_and_module_paths(run):
    streams = run("--x", "1,2", "--explain")["streams"]
    assert streams["init"] == {
        "params": ["DropoutModel/Dense_0"],
        "dropout": ["DropoutModel/Dropout_0"],
    }
    assert streams["apply"] == {"dropout": ["DropoutModel/Dropout_0"]}
    assert len(streams["why"]) == 3
