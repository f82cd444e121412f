"""What ``keystream dropout-model`` refuses, each time with exit code 2 and one message."""

import io
import pickle
import sys

import numpy as np
import pytest

from keystream._cli import main

WIDTH = "the dense layer is as wide as x is long"
EXAMPLE = "keystream dropout-model --x 1,2,3,4 --dropout-seed 7 --drop-rate 0.5 --deterministic 0"


@pytest.fixture
def refused(capsys):
    """Run the command, see it refuse its input, and read its only message."""

    def refused(*words):
        assert main(["dropout-model", *words]) == 2
        shown, errors = capsys.readouterr()
        assert shown == ""
        return errors

    return refused


def message(what, *, where, why, fix, code="KS010 bad-exercise-input"):
    return (
        f"keystream dropout-model: {what}\n  where: {where}\n  why:   {why}\n  fix:   {fix}\n"
        f"  {code} (keystream rule {code[:5]})\n"
    )


def unreadable(what, where):
    return message(
        what,
        where=where,
        why="the model computes with x, a vector of numbers",
        fix="give numbers (--x 1,2,3,4), a .npy, .json or .csv file, or - for standard input",
    )


def refused_by_the_model(what, why, **more):
    return message(what, where="keystream dropout-model", why=why, fix=EXAMPLE, **more)


@pytest.mark.parametrize("name", ["seed", "dropout_seed"])
@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e20"])
def test_a_seed_that_makes_no_key_is_refused(refused, name, text):
    option = f"--{name.replace('_', '-')}"
    assert refused("--x", "1", option, text) == refused_by_the_model(
        f"{name} is {float(text)}, but must be a number from -2**63 to 2**63 - 1",
        "it is cast to an integer, and PRNGKey takes one of 64 bits with a sign",
    )


@pytest.mark.parametrize("text", ["nan", "inf", "-0.1", "1.5"])
def test_a_rate_that_is_no_probability_is_refused(refused, text):
    assert refused("--x", "1", "--drop-rate", text) == refused_by_the_model(
        f"drop_rate is {text}, but must be a number in [0, 1]",
        "it is the probability of dropping a value; Flax computes with any number",
        code="KS004 rate-out-of-range",
    )


def test_a_flag_on_neither_side_of_one_half_is_refused(refused):
    assert refused("--x", "1", "--deterministic", "nan") == refused_by_the_model(
        "deterministic is nan, but must be a number, and not NaN",
        "it means True from 0.5 on, and this is on neither side of 0.5",
    )


@pytest.mark.parametrize("option", ["--seed", "--dropout-seed", "--drop-rate", "--deterministic"])
def test_a_scalar_that_is_no_number_is_refused(refused, option):
    assert refused("--x", "1", option, "a b") == message(
        f"{option[2:].replace('-', '_')} is 'a b', but must be a number",
        where=f"{option} a b",
        why="the exercise's scalars are numbers; seeds and the flag are cast from them",
        fix=f"give a number: {option} 0",
    )


LONG = "1" + "0" * 400


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("one", "x[0] is 'one', but must be a number"),
        ("1,,2", "x[1] is '', but must be a number"),
        ("1;2", "x[0] is '1;2', but must be a number"),
        ("1+2j", "x[0] is '1+2j', but must be a number"),
        ("1,0x10", "x[1] is '0x10', but must be a number"),
        ("numbers.txt", "x[0] is 'numbers.txt', but must be a number"),
        ("y" * 99, f"x[0] is '{'y' * 36}..., but must be a number"),
        ("[1, [2, 3]]", "x[1] is a list, but must be a number"),
        ('[{"a": 1}]', 'x[0] is {"a": "1"}, but must be a number'),
        ("[true]", "x[0] is true, but must be a number"),
        ("[1, null]", "x[1] is null, but must be a number"),
        ('["one"]', "x[0] is 'one', but must be a number"),
        ("1,1e39", "x[1] is 1e+39, but must be in the range of float32"),
        ("1e400", "x[0] is 1e400, but must be in the range of float32"),
        ("[1e400]", "x[0] is 1e400, but must be in the range of float32"),
        (LONG, f"x[0] is {LONG[:37]}..., but must be in the range of float32"),
        ("[1, 2", "the text is not JSON: Expecting ',' delimiter: line 1 column 6 (char 5)"),
    ],
)
def test_words_that_are_no_numbers_are_refused(refused, text, what):
    assert refused("--x", text) == unreadable(what, "--x")


@pytest.mark.parametrize("text", ["", " ", "[]"])
def test_no_numbers_at_all_are_refused(refused, text):
    what = "x is empty, but must hold at least one number"
    assert refused("--x", text) == refused_by_the_model(what, WIDTH)


def test_more_numbers_than_there_may_be_memory_for_are_refused(refused, tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.zeros(16_385, np.float32))
    assert refused("--x", str(path)) == message(
        "x holds 16385 numbers, but the command takes at most 16384",
        where="keystream dropout-model",
        why="the dense layer has as many weights as the square of that",
        fix="call keystream.dropout_model.run_dropout_model where there is the memory for it",
    )


@pytest.mark.parametrize("suffix", ["npy", "json", "csv"])
def test_a_file_that_is_not_there_is_refused(refused, tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    assert refused("--x", str(path)) == unreadable(f"there is no file {str(path)!r}", f"--x {path}")


def array_file(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def archive(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


WHOLE = array_file(np.ones(4, np.float32))
PICKLED = "it holds pickled objects, which the command never loads"

UNREADABLE = [
    ("x.npy", b"", "No data left in file"),
    ("x.npy", WHOLE[:20], "EOF: reading array header, expected 118 bytes got 10"),
    ("x.npy", array_file(np.array([1, "a"], object)), PICKLED),
    ("x.npy", pickle.dumps([1, 2]), PICKLED),
    ("x.npy", archive(x=np.ones(3)), "it is an archive of several arrays (.npz)"),
    (
        "x.npy",
        array_file(np.ones(2) * 1j),
        "it holds complex128 values, and the command takes real numbers",
    ),
    (
        "x.csv",
        "é,1".encode("latin1"),
        "'utf-8' codec can't decode byte 0xe9 in position 0: invalid continuation byte",
    ),
]


@pytest.mark.parametrize(("name", "content", "reason"), UNREADABLE)
def test_a_file_that_cannot_be_read_is_refused(refused, tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    what = f"{str(path)!r} can't be read: {reason}"
    assert refused("--x", str(path)) == unreadable(what, f"--x {path}")


def test_a_truncated_numpy_file_is_refused(refused, tmp_path):
    path = tmp_path / "x.npy"
    path.write_bytes(WHOLE[:-3])
    shown = refused("--x", str(path))
    what = shown.splitlines()[0].removeprefix("keystream dropout-model: ")
    assert what.startswith(f"{str(path)!r} can't be read: ")
    assert "(4,)" in what  # NumPy's words for what is missing change with its versions
    assert shown == unreadable(what, f"--x {path}")


def test_a_folder_is_no_file(refused, tmp_path):
    path = tmp_path / "x.json"
    path.mkdir()
    what = f"{str(path)!r} can't be read: [Errno 21] Is a directory: {str(path)!r}"
    assert refused("--x", str(path)) == unreadable(what, f"--x {path}")


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("x.json", b'{"x": [1]}', "the JSON is not a list"),
        ("x.json", b"3", "the JSON is not a list"),
        ("x.json", b"", "the text is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("x.json", b"[[1, 2]]", "x[0] is a list, but must be a number"),
        ("x.csv", b"1,2\n3,4\n", "x has 2 rows of up to 2 fields, but must have one axis"),
        ("x.csv", b"1\n2,3\n", "x has 2 rows of up to 2 fields, but must have one axis"),
        ("x.csv", b"a,b\n", "x[0] is 'a', but must be a number"),
        ("x.csv", b"1,\0\n", "x[1] is '\\x00', but must be a number"),
        ("x.csv", b"1\ntwo\n", "x[1] is 'two', but must be a number"),
        ("x.csv", b"1" * 200_000, "the text is not CSV: field larger than field limit (131072)"),
        (
            "x.npy",
            array_file(np.array([1e39])),
            "x[0] is 1e+39, but must be in the range of float32",
        ),
    ],
)
def test_a_file_that_holds_no_vector_is_refused(refused, tmp_path, name, content, what):
    path = tmp_path / name
    path.write_bytes(content)
    assert refused("--x", str(path)) == unreadable(what, f"--x {path}")


def test_json_that_is_nested_without_end_is_refused(refused, tmp_path):
    path = tmp_path / "x.json"
    path.write_text("[" * 200_000)
    shown = refused("--x", str(path))
    what = shown.splitlines()[0].removeprefix("keystream dropout-model: ")
    assert what.startswith("the text is not JSON: ")  # the rest are Python's words
    assert shown == unreadable(what, f"--x {path}")


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.ones((2, 3)), "x has shape (2, 3), but must have one axis"),
        (np.array(3.0), "x has shape (), but must have one axis"),
        (np.ones(0), "x is empty, but must hold at least one number"),
        (np.ones(2, bool), "x holds bool values, but must hold numbers"),
        (np.array(["a"]), "x is array(['a'], dtype='<U1'), but must be a vector of numbers"),
        (
            np.zeros(1, [("a", "f4")]),
            "x is array([(0.,)]...('a', '<f4')]), but must be a vector of numbers",
        ),
    ],
)
def test_an_array_that_is_no_vector_of_numbers_is_refused(refused, tmp_path, array, what):
    path = tmp_path / "x.npy"
    np.save(path, array)
    assert refused("--x", str(path)) == refused_by_the_model(what, WIDTH)


def test_standard_input_that_is_not_text_is_refused(refused, standard_input):
    standard_input(b"1,\xff")
    assert refused("--x", "-") == unreadable(
        "standard input can't be read: 'utf-8' codec can't decode byte 0xff in position 2:"
        " invalid start byte",
        "--x -",
    )


def test_closed_standard_input_is_refused(refused, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert refused("--x", "-") == unreadable("standard input can't be read: it is closed", "--x -")


def test_without_x_the_usage_is_shown(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["dropout-model"])
    assert caught.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "keystream dropout-model: error: the following arguments are required: --x"
