"""What new users do wrong, and what their screens may be: each is told, and none by a traceback."""

import contextlib
import io
import os
import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest
from flax import nnx

import keystream as ks
from keystream._cli import main
from keystream._cli.output import writable
from keystream._findings import Finding, Location, Report
from keystream._report import text

REUSED = (
    "import jax\nkey = jax.random.key(0)\na = jax.random.normal(key)\nb = jax.random.normal(key)\n"
)


def keystream(*words, cwd, **options):
    return subprocess.run(
        [sys.executable, "-m", "keystream", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "JAX_PLATFORMS": "cpu", **options.pop("env", {})},
        check=False,
        timeout=120,
        **{"capture_output": True, "text": True, **options},
    )


def report(message="normal drew twice from one key", path="train.py"):
    finding = Finding("KS101", "error", message, "both draws are equal", "split the key",
                      (Location(path, 3, 5, "step"),))  # fmt: skip
    return Report("train.py", (finding,), {"draws": 2}, "audit")


# ---------------------------------------------------------------- the library


@pytest.mark.parametrize("name", ["seed", "key", "rng"])
def test_an_option_that_would_be_a_stream_is_refused(name):
    with pytest.raises(ks.errors.ValueOutOfRangeError) as caught:
        ks.Streams(**{name: 0})
    assert str(caught.value) == (
        f"{name}= would declare a stream named '{name}'\n"
        "  where: Streams\n"
        "  why:   keywords are names of streams with a seed each; one seed for all streams comes "
        "first\n"
        '  fix:   Streams(0, "params", "dropout"); or, for a stream of that name, '
        f'Streams({{"{name}": 0}})\n'
        "  KS002 value-out-of-range (keystream rule KS002)"
    )
    assert ks.Streams({name: 0}).names == (name,)


@pytest.mark.parametrize(
    "draw", [lambda x, key: ks.dropout(x, key, 0.5), lambda x, key: ks.gaussian_noise(x, key, 0.5)]
)
def test_a_key_in_the_place_of_the_array_is_said_to_be_one(draw):
    with pytest.raises(ks.errors.ValueOutOfRangeError, match="the first argument is the key"):
        draw(jnp.ones(3), jax.random.key(0))


def test_streams_given_to_a_module_of_nnx_say_what_to_give():
    streams = ks.Streams(0, "params", "dropout")
    with pytest.raises(AttributeError, match=r"rngs=ks\.nnx\.init_rngs\(streams\)"):
        nnx.Linear(2, 3, rngs=streams)
    assert not hasattr(streams, "shape")


@pytest.mark.parametrize("key", [jax.random.key(0), jax.random.PRNGKey(0)])
def test_a_key_in_the_place_of_the_rate_is_said_to_be_one(key):
    with pytest.raises(ks.errors.RateOutOfRangeError) as caught:
        ks.dropout(jnp.ones(3), 0.5, key)
    assert str(caught.value) == (
        "rate is a key: the first argument is the key, the rate comes after the array\n"
        "  where: keystream.dropout\n"
        "  why:   draws take their key first, as in jax.random\n"
        "  fix:   keystream.dropout(key, x, 0.1)\n"
        "  KS004 rate-out-of-range (keystream rule KS004)"
    )
    with pytest.raises(ks.errors.ValueOutOfRangeError, match="scale is a key: the first argument"):
        ks.gaussian_noise(jnp.ones(3), 0.5, key)


def test_streams_that_are_taken_for_a_dictionary_say_what_to_write():
    streams = ks.Streams(0, "params", "dropout")
    with pytest.raises(TypeError) as caught:
        streams["dropout"]
    assert str(caught.value) == (
        "Streams is no dictionary of keys: a stream's key is streams.key('dropout', step)"
    )
    with pytest.raises(TypeError, match="not iterable"):
        iter(streams)
    with pytest.raises(TypeError, match="not iterable"):
        assert "dropout" in streams


@pytest.mark.parametrize(
    ("call", "where"),
    [
        (lambda: ks.nnx.init_rngs(0), "keystream.nnx.init_rngs"),
        (lambda: ks.nnx.rngs(0, 1), "keystream.nnx.rngs"),
        (lambda: ks.nnx.reseed(None, 0, 1), "keystream.nnx.reseed"),
        (lambda: ks.checkpoint.save("run", 1, {"w": jnp.ones(2)}, 0), "keystream.checkpoint.save"),
        (lambda: ks.checkpoint.restore("run", {}, 0), "keystream.checkpoint.restore"),
    ],
)
def test_a_seed_in_the_place_of_streams_is_refused(call, where):
    with pytest.raises(ks.errors.ValueOutOfRangeError) as caught:
        call()
    assert str(caught.value) == (
        "int 0 is given in the place of a Streams\n"
        f"  where: {where}\n"
        "  why:   keys are made of the streams that were declared, by their names\n"
        '  fix:   declare them: streams = ks.Streams(0, "params", "dropout")\n'
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_what_is_no_function_has_no_plan():
    with pytest.raises(ks.errors.ValueOutOfRangeError) as caught:
        ks.plan(3)
    assert str(caught.value) == (
        "int 3 is not a function\n"
        "  where: ks.plan\n"
        "  why:   a plan is of a call that is not made: of a function, and the arguments after it\n"
        "  fix:   ks.plan(step, params, x, key), in place of ks.plan(step(params, x, key))\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_masks_without_names_are_refused():
    with pytest.raises(ks.errors.BadExerciseInputError) as caught:
        ks.exercise.masks(3)
    assert str(caught.value) == (
        "rows is 3, not a mapping\n"
        "  where: keystream.exercise.masks\n"
        "  why:   a name stands beside each row\n"
        '  fix:   name the rows: exercise.masks({"step 0": y0, "step 1": y1})\n'
        "  KS010 bad-exercise-input (keystream rule KS010)"
    )


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ({"steps": 0}, "steps is 0, but must be 1 or more"),
        ({"steps": 1.5}, "steps 1.5 is not an integer"),
        ({"from_step": -1}, "from_step is -1, but must be 0 or more"),
        ({"seconds": 0}, "seconds is 0, but must be a number above 0"),
        ({"seconds": "60s"}, "seconds is '60s', but must be a number above 0"),
    ],
)
def test_a_part_that_can_not_be_is_refused_before_the_block(part, what):
    with pytest.raises(ks.errors.ValueOutOfRangeError) as caught:
        ks.audit(**part)
    assert caught.value.what == what
    assert caught.value.where == "ks.audit"


def test_what_is_no_step_is_said_with_and_without_an_audit():
    for audit in (contextlib.nullcontext(), ks.audit()):
        with audit, pytest.raises(ks.errors.ValueOutOfRangeError) as caught:
            ks.step("a")
        assert str(caught.value) == (
            "str 'a' is not the number of a step\n"
            "  where: ks.step\n"
            "  why:   findings are told by the steps of your loop\n"
            "  fix:   call it in the loop, outside jit: ks.step(step), with an integer\n"
            "  KS002 value-out-of-range (keystream rule KS002)"
        )
    with ks.audit(), pytest.raises(ks.errors.ValueOutOfRangeError, match="is not the number"):
        jax.jit(ks.step)(3)


def test_a_state_without_arrays_is_not_a_full_disk(tmp_path):
    with pytest.raises(ks.errors.ValueOutOfRangeError) as caught:
        ks.checkpoint.save(tmp_path, 1, {}, ks.Streams(0, "params"))
    assert caught.value.what == "the state has no array in it: {}"
    with pytest.raises(ks.errors.ValueOutOfRangeError, match="step 'a' is not an integer"):
        ks.checkpoint.save(tmp_path, "a", {"w": jnp.ones(2)}, ks.Streams(0, "params"))


def test_a_directory_that_can_not_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ks.errors.CheckpointNotSavedError) as caught:
        ks.checkpoint.save(
            tmp_path / "file" / "run", 1, {"w": jnp.ones(2)}, ks.Streams(0, "params")
        )
    assert str(caught.value) == (
        f"{tmp_path / 'file' / 'run'} can't be made: Not a directory\n"
        "  where: keystream.checkpoint.save\n"
        "  why:   checkpoints are saved in a directory of their own\n"
        "  fix:   name a directory that can be written to\n"
        "  KS012 checkpoint-not-saved (keystream rule KS012)"
    )


def test_a_permutation_indexes_arrays():
    order = ks.Streams(0, "shuffle").permutation("shuffle", 0, 10)
    assert jnp.arange(10)[order[:]].tolist() == list(order)


# ---------------------------------------------------------------- commands


def test_a_plan_of_a_wrong_shape_is_one_message_and_exit_code_2(tmp_path):
    (tmp_path / "train.py").write_text("def step(x, y):\n    return x @ y\n")
    done = keystream(
        "plan", "train:step", "--arg", "float32[2,3]", "--arg", "float32[2,3]", cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stderr.startswith(
        "keystream plan: train:step can't be traced with these arguments:"
    )
    assert "Traceback" not in done.stderr
    assert "KS002" not in done.stderr


def test_a_module_that_is_not_there_is_no_value_out_of_range(tmp_path):
    done = keystream("plan", "nothing:step", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("keystream plan: there is no module 'nothing'\n")
    assert "KS002" not in done.stderr


def test_a_record_that_is_not_there_is_said_to_be_missing(tmp_path, capsys):
    assert main(["diff", str(tmp_path / "a"), str(tmp_path / "b")]) == 2
    assert capsys.readouterr().err == (
        f"keystream diff: there is no record {tmp_path / 'a'}\n"
        "  why:   a record is made by a run, and read by its name\n"
        "  fix:   keystream audit --record run.parquet script.py\n"
        "  KS005 restored-state-mismatch (keystream rule KS005)\n"
    )


def test_a_pipe_that_is_named_like_a_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.py")
    done = keystream("lint", ".", cwd=tmp_path)
    assert "KS901" in done.stdout
    assert "it is no regular file" in done.stdout


def test_the_list_of_codes_says_what_each_is(capsys):
    assert main(["rule"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("KS101"))
    assert re.split(r"\s{2,}", row)[2].startswith("Two draws from one key")


def test_a_page_is_shown_without_marks(capsys):
    assert main(["rule", "KS101"]) == 0
    shown = capsys.readouterr().out
    assert "## " not in shown
    assert "```" not in shown
    assert "What it does" in shown
    assert "import jax" in shown


def test_the_reasons_of_unseen_draws_are_where_the_finding_points(capsys):
    assert main(["rule", "KS902"]) == 0
    assert "compile it within the audit" in " ".join(capsys.readouterr().out.split())


# ---------------------------------------------------------------- screens


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_a_screen_of_few_characters_has_the_report_all_the_same(encoding):
    raw = io.BytesIO()
    screen = io.TextIOWrapper(raw, encoding=encoding)
    with writable(screen):
        screen.write("key(0) → split[1] · 中\n")
        screen.flush()
    assert raw.getvalue().decode(encoding).replace("·", "-") == "key(0) -> split[1] - \\u4e2d\n"
    assert screen.errors == "strict"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_audit_reports_on_a_screen_of_few_characters(tmp_path, encoding):
    split = "import jax\nkey = jax.random.split(jax.random.key(0))[0]\n"
    drawn = "a = jax.random.normal(key)\nb = jax.random.normal(key)\n"
    (tmp_path / "train.py").write_text(split + drawn)
    done = keystream("audit", "train.py", cwd=tmp_path, env={"PYTHONIOENCODING": encoding})
    assert "KS101" in done.stdout, done.stderr
    assert "->" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize("words", [["lint", "train.py"], ["audit", "train.py"], ["rule"]])
def test_a_closed_output_is_no_traceback(tmp_path, words):
    (tmp_path / "train.py").write_text(REUSED)
    done = subprocess.run(
        ["sh", "-c", '"$0" -m keystream "$@" >&-', sys.executable, *words],
        cwd=tmp_path, env={**os.environ, "JAX_PLATFORMS": "cpu"}, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.returncode == (0 if words == ["rule"] else 1)


def test_a_reader_that_leaves_does_not_change_the_verdict(tmp_path):
    (tmp_path / "train.py").write_text(REUSED)
    for words in (["lint", "train.py"], ["audit", "train.py"]):
        reader, writer = os.pipe()
        os.close(reader)
        done = keystream(*words, cwd=tmp_path, capture_output=False, stdout=writer,
                         stderr=subprocess.PIPE)  # fmt: skip
        os.close(writer)
        assert (done.returncode, done.stderr) == (1, "")


def test_what_commands_a_terminal_in_source_is_shown_and_not_sent(tmp_path):
    path = tmp_path / "train.py"
    path.write_text("import jax\n\nx = 1  # \x1b[2J\x07\u202e\n")
    shown = text.render(report(path=str(path)))
    assert "x = 1  # \\x1b[2J\\x07\\u202e" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("columns", ["40", "80", "120"])
def test_no_word_is_broken_at_the_edge_of_a_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "dumb")
    screen = Terminal()
    text.write(report("several words that are longer than a narrow terminal is wide " * 3), screen)
    assert all(len(line) <= int(columns) for line in screen.getvalue().splitlines())


def test_lint_has_the_colours_of_the_audit_on_a_terminal(monkeypatch, tmp_path):
    (tmp_path / "train.py").write_text(REUSED)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    assert main(["lint", "train.py"]) == 1
    assert "\x1b[1;31m" in screen.getvalue() or "\x1b[1;33m" in screen.getvalue()
