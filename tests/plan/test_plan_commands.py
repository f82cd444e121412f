"""``keystream plan`` and ``keystream identify``."""

import json

import jax
import numpy as np
import pytest

import keystream as ks
from keystream._cli import main

PROGRAM = """
import jax


def step(weights, x, key, rate=0.5):
    kept = jax.random.bernoulli(key, 1 - rate, x.shape)
    return (x * kept) @ weights


def weights():
    return jax.numpy.ones((4, 2))


def twice(key):
    return jax.random.normal(key) + jax.random.uniform(key)
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    (tmp_path / "planned_program.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("module", ["planned_program", "planned_program.py"])
def test_a_function_of_a_module_has_a_plan(module, capsys):
    words = ["--arg", "planned_program:weights", "--arg", "f32[8,4]", "--arg", "key"]
    assert main(["plan", f"{module}:step", *words, "--arg", "rate=0.25"]) == 0
    shown = capsys.readouterr().out
    assert "step: 1 draw, 1.02 kbit a call" in shown
    assert "bernoulli bool[8,4]" in shown
    assert "where  planned_program.py:6 in step" in shown


@pytest.mark.usefixtures("program")
def test_a_plan_that_shows_a_mistake_exits_with_1(capsys):
    assert main(["plan", "planned_program:twice", "--arg", "key", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [finding["code"] for finding in document["findings"]] == ["KS101"]


@pytest.mark.usefixtures("program")
def test_a_plan_is_written_to_a_file(tmp_path, capsys):
    words = ["--arg", "key", "--format", "html", "--output", "plan.html"]
    assert main(["plan", "planned_program:twice", *words]) == 1
    assert "<table>" in (tmp_path / "plan.html").read_text()
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize(
    ("words", "what", "fix"),
    [
        (
            ["planned_program"],
            "'planned_program' names a module, and no function of it\n"
            "  why:   a plan is of one function; planned_program has step, weights and twice\n",
            "keystream plan planned_program:step --arg VALUE ...",
        ),
        (
            ["planned_program.py:twise"],
            "module 'planned_program' has no 'twise'\n"
            "  why:   a plan is of one function; planned_program has step, weights and twice\n",
            "did you mean 'twice'? Otherwise keystream plan planned_program.py:step --arg VALUE ...",
        ),
        (
            ["no_such_module:f"],
            "there is no module 'no_such_module'\n",
            "keystream plan train.py:f",
        ),
        (
            ["planed_program:twice"],
            "there is no module 'planed_program'\n",
            "keystream plan planned_program.py:twice",
        ),
        (
            ["planned_program:step", "--arg", "key=key"],
            "planned_program:step also takes weights and x\n",
            "with your own shapes and objects: keystream plan planned_program:step --arg key=key "
            "--arg weights=planned_program:weights --arg 'x=float32[8,16]'",
        ),
        (
            ["planned_program:step", "--arg", "rat=0.5"],
            "planned_program:step has no parameter 'rat'\n"
            "  why:   planned_program:step takes weights, x, key and rate\n",
            "did you mean 'rate'? Otherwise leave it out",
        ),
        (
            ["planned_program:twice", "--arg", "key", "--arg", "key=key"],
            "'key' of planned_program:twice is given twice, by its place and by its name\n",
            "give it once",
        ),
        (
            ["planned_program:twice", "--arg", "key", "--arg", "1"],
            "planned_program:twice is given more arguments than it takes, 2\n",
            "give one --arg for each of them",
        ),
        (
            ["planned_program:twice", "--arg", "f32[4]"],
            "planned_program:twice can't be traced with these arguments: ",
            "give each argument the shape and dtype that it has in your program; "
            "planned_program:twice takes key",
        ),
        (
            ["planned_program:twice", "--arg", "f32[4"],
            "'f32[4' can't be read as an argument\n",
            "--arg 'float32[8,16]', --arg key, --arg train:params or --arg rate=0.5",
        ),
        (
            ["planned_program:twice", "--arg", "flot32[3]"],
            "'flot32[3]' has a dtype, 'flot32', that neither NumPy nor JAX knows\n",
            "did you mean 'float32'? Otherwise --arg 'float32[8,16]' or --arg 'f32[8,16]'",
        ),
        (
            ["planned_program:jax.__version__"],
            "'planned_program:jax.__version__' is not a function\n",
            "keystream plan planned_program:step --arg VALUE ...",
        ),
    ],
)
def test_what_can_not_be_planned_is_refused_with_its_own_remedy(words, what, fix, capsys):
    assert main(["plan", *words]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith(f"keystream plan: {what}")
    assert shown.endswith(f"  fix:   {fix}\n")


def _key(streams, *name):
    return ",".join(str(word) for word in np.asarray(jax.random.key_data(streams.key(*name))))


def test_a_key_is_read_back_to_its_stream_and_step(capsys):
    key = _key(ks.Streams(0, "params", "dropout"), "dropout", 12)
    assert main(["identify", key, "--seed", "0", "--streams", "params,dropout"]) == 0
    assert capsys.readouterr().out.startswith("dropout, step 12 ")


def test_a_key_is_read_as_jax_prints_it_and_in_hexadecimal(capsys):
    streams = ks.Streams(0, "params", "dropout")
    words = np.asarray(jax.random.key_data(streams.key("dropout", 3)))
    options = ["--seed", "0", "--streams", "params,dropout"]
    for text in (str(words), ":".join(f"{word:08x}" for word in words)):
        assert main(["identify", text, *options]) == 0
        assert capsys.readouterr().out.startswith("dropout, step 3 ")


def test_coordinates_seeds_and_namespaces_are_declared_by_options(capsys):
    streams = ks.Streams({"params": 5, "dropout": 6}, coordinates={"microbatch": 8}).child(
        "teacher"
    )
    key = np.asarray(jax.random.key_data(streams.key("dropout", 4, microbatch=3)))
    options = ["--streams", "params,dropout", "--seeds", "5,6", "--coordinates", "microbatch=8"]
    words = [str(word) for word in key]
    assert main(["identify", *words, *options, "--child", "teacher"]) == 0
    assert capsys.readouterr().out.startswith("teacher/dropout, step 4, microbatch 3 ")


def test_a_foreign_key_exits_with_1(capsys):
    assert (
        main(["identify", "1,2", "--seed", "0", "--streams", "params", "--max-step", "1000"]) == 1
    )
    assert "no key of these streams: params" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["1,2,3", "--seed", "0", "--streams", "a"], "'1,2,3' is not two words of 32 bits"),
        (["1,2", "--streams", "a,b", "--seeds", "1"], "--seeds has 1 seeds for 2 streams"),
        (["1,2", "--seed", "x", "--streams", "a"], "--seed has 'x', which is not an integer"),
    ],
)
def test_what_can_not_be_identified_is_refused_with_an_example(words, what, capsys):
    assert main(["identify", *words]) == 2
    assert what in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "one of the arguments --seed --seeds is required"),
        (["--seed", "0", "--seeds", "1"], "argument --seeds: not allowed with argument --seed"),
    ],
)
def test_a_key_is_read_back_under_one_seed_or_several(words, said, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["identify", "1,2", "--streams", "a", *words])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith(f"keystream identify: error: {said}\n")
