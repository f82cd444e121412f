"""``keystream exercise``: the task, its hints, and the report of a check."""

import json
import os
import re
import subprocess
import sys

import jax.numpy as jnp
import pytest
from exercise_solutions import RIGHT, init, written

from keystream._cli import main
from keystream._exercise.task import HINTS, TASK
from keystream.dropout_model import run_dropout_model


def test_the_task_is_shown_with_signature_inputs_and_output(capsys):
    assert main(["exercise"]) == 0
    shown = capsys.readouterr().out
    assert shown == TASK + "\n"
    assert "def run_dropout_model(seed, x, dropout_seed, drop_rate, deterministic):" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_the_tasks_example_is_true():
    call, output = re.search(r"Example\n +(run_dropout_model\(.*\))\n +(\[.*\])", TASK).groups()
    names = {"run_dropout_model": run_dropout_model, "jnp": jnp}
    assert eval(call, names).tolist() == jnp.array(json.loads(output)).tolist()


def test_hints_come_on_request_alone(capsys):
    assert not any(hint in TASK for hint in HINTS)
    assert main(["exercise", "--hint", "2"]) == 0
    assert capsys.readouterr().out == (
        f"{HINTS[1]}\n\n"
        "Read:  docs/quickstart.md#a-model-that-draws-twice\n"
        "Next:  keystream exercise --hint 3, or keystream exercise check solution.py\n"
    )
    assert main(["exercise", "--hints"]) == 0
    shown = capsys.readouterr().out
    assert all(hint in shown for hint in HINTS)
    assert shown.endswith("\nNext:  keystream exercise check solution.py\n")
    assert all(len(line) <= 80 for line in shown.splitlines())


@pytest.mark.parametrize("number", ["0", "6", "-1"])
def test_a_hint_that_is_not_there_is_an_error(capsys, number):
    assert main(["exercise", "--hint", number]) == 2
    assert capsys.readouterr() == (
        "",
        f"keystream exercise: there is no hint {number}\n"
        f"  where: keystream exercise --hint {number}\n"
        "  why:   hints are numbered from 1 to 5\n"
        "  fix:   keystream exercise --hint 1\n"
        "  KS010 bad-exercise-input (keystream rule KS010)\n",
    )


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize("verdict", [0, 1], ids=["right", "wrong"])
def test_the_exit_code_is_the_verdict_when_the_reader_of_a_pipe_has_left(solution, verdict, form):
    source = RIGHT if verdict == 0 else "def run_dropout_model(*inputs):\n    return 0.0\n"
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "keystream", "exercise", "check", str(solution(source)), *form]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (verdict, b"")


def test_a_right_solution_passes_from_the_command_line_into_a_pipe(solution):
    command = [sys.executable, "-m", "keystream", "exercise", "check", str(solution(RIGHT))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["case", "result", "what", "came"]
    assert [line.split()[-1] for line in lines[1:21]] == ["pass"] * 20
    assert lines[21:] == [
        "",
        "Right: 20 of 20 cases passed.",
        "Read:  docs/concepts.md, how a name becomes a key",
        "Next:  keystream demo, a training with six streams",
        "Random cases: --random-seed 0",
    ]
    assert "\x1b" not in done.stdout
    assert all(len(line) <= 80 for line in lines)


def test_a_wrong_solution_is_told_its_mistake(capsys, solution, monkeypatch):
    monkeypatch.setattr("keystream._cli.exercise._PATIENCE", 600.0)  # however slow the machine
    path = str(solution(written(flag="print('\\x1b[31m[red]mine') or deterministic < 0.5")))
    assert main(["exercise", "check", path, "--random-seed", "3"]) == 1
    shown, progress = capsys.readouterr()
    assert progress == ""
    assert re.search(r"^training +WRONG +output\[\d\] is \S+, not \S+ *$", shown, re.MULTILINE)
    assert shown.endswith(
        "\n"
        "The solution printed last:\n" + "  [red]mine\n" * 10 + "\n"
        "1. the flag is inverted\n"
        "  where: all 20 outputs are what this mistake gives\n"
        "  why:   deterministic=True means that nothing is dropped: it is evaluation, not\n"
        "         training\n"
        "  fix:   pass the flag as it is:\n"
        "         y = model.apply(\n"
        "             variables, x, deterministic=deterministic >= 0.5,\n"
        '             rngs={"dropout": jax.random.PRNGKey(int(dropout_seed))})\n'
        "  read:  docs/quickstart.md#apply-takes-rngs\n"
        "  next:  keystream rule KS601\n"
        "  flag-inverted\n"
        "\n"
        "Not right yet: 1 of 20 cases passed.\n"
        "The first case that did not pass:\n"
        "  run_dropout_model(0.0, jnp.array([1, 2, 3, 4], jnp.float32), 7.0, 0.5, 0.0)\n"
        "Random cases: --random-seed 3\n"
    )


def test_the_report_as_json_holds_cases_and_mistakes(capsys, solution):
    end = "return x / 0.0 if drop_rate == 1.0 else y"
    path = str(solution(written(init=init("params_key"), end=end)))
    assert main(["exercise", "check", path, "--json"]) == 1
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert sorted(document) == ["cases", "mistakes", "passed", "printed", "random_seed", "solution"]
    assert (document["solution"], document["passed"], document["random_seed"]) == (path, False, 0)
    names = [mistake["name"] for mistake in document["mistakes"]]
    assert names == ["single-key-init", "not-finite"]
    assert sorted(document["mistakes"][0]) == [
        "fix", "name", "next", "read", "what", "where", "why",
    ]  # fmt: skip
    cases = {case["name"]: case for case in document["cases"]}
    assert cases["training"]["status"] == "exact"
    assert cases["training"]["got"] == cases["training"]["expected"]
    assert cases["training"]["inputs"]["dropout_seed"] == 7.0
    wrong = cases["rate 1"]
    assert (wrong["status"], wrong["passed"], wrong["error"]) == ("wrong", False, None)
    assert wrong["expected"] == [0.0] * 8
    assert wrong["got"][:2] == ["Infinity", "-Infinity"]


def test_on_a_narrow_terminal_no_word_is_cut_and_the_verdicts_stand(capsys, solution, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["exercise"]) == main(["exercise", "--hints"]) == 0
    told = capsys.readouterr().out
    assert set(told.split()) >= set(TASK.split())
    long = [line for line in told.splitlines() if len(line) > 40]
    assert all(len(line.split()) == 1 for line in long)  # one word, such as an address
    assert main(["exercise", "check", str(solution(written(flag="deterministic < 0.5")))]) == 1
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert re.search(r"^another seed, evaluation  WRONG *$", shown, re.MULTILINE)
    assert "  where: all 20 outputs are what this\n         mistake gives\n" in shown


def test_a_file_that_is_not_there_cannot_be_checked(capsys, tmp_path):
    for path, reason in [
        (tmp_path / "no.py", "No such file or directory"),
        (tmp_path, "Is a directory"),
    ]:
        assert main(["exercise", "check", str(path)]) == 2
        assert capsys.readouterr() == (
            "",
            f"keystream exercise: {str(path)!r} can't be read: {reason}\n"
            f"  where: keystream exercise check {path}\n"
            "  why:   a solution is a file of Python source\n"
            "  fix:   give its path: keystream exercise check solution.py\n"
            "  KS010 bad-exercise-input (keystream rule KS010)\n",
        )


def test_a_solution_that_does_not_end_is_said_to_be_running(capsys, solution, monkeypatch):
    monkeypatch.setattr("keystream._cli.exercise._PATIENCE", 0.1)
    path = str(solution("while True:\n    pass\n"))
    assert main(["exercise", "check", path, "--timeout", "2"]) == 1
    assert capsys.readouterr().err == (
        "keystream exercise: still running; it is ended after 2 s (--timeout)\n"
    )


def test_a_file_that_can_not_be_loaded_is_named_in_the_command(capsys, solution):
    path = solution("import no_such_module\n")
    assert main(["exercise", "check", str(path)]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert f"make the file run by itself first: python {path} read:" in shown


@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "1e9", "soon"])
def test_a_time_limit_has_to_be_a_number_of_seconds(capsys, solution, timeout):
    assert main(["exercise", "check", str(solution(RIGHT)), f"--timeout={timeout}"]) == 2
    assert capsys.readouterr() == (
        "",
        f"keystream exercise: timeout is {timeout!r}, but must be a number of seconds above 0, at"
        " most 86400\n"
        f"  where: keystream exercise check --timeout {timeout}\n"
        "  why:   a solution that never ends has to be ended some time\n"
        "  fix:   keystream exercise check solution.py --timeout 60\n"
        "  KS010 bad-exercise-input (keystream rule KS010)\n",
    )


WITHOUT_FLAX = """
import sys
sys.modules["flax"] = None  # what `import flax` finds where it is not installed: nothing
from keystream._cli import main
for words in (["dropout-model", "--x", "1"], ["exercise", "check", {path!r}]):
    assert main(words) == 2
assert main(["exercise"]) == main(["exercise", "--hint", "1"]) == 0
"""


def test_without_flax_both_commands_say_what_to_install(solution):
    program = WITHOUT_FLAX.format(path=str(solution(RIGHT)))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    message = (
        "{} needs 'flax', which is not installed\n"
        "  why:   only some users need it, so keystream comes without\n"
        "  fix:   python -m pip install flax\n"
        "  KS007 missing-extra (keystream rule KS007)\n"
    )
    assert done.stderr == (
        "keystream dropout-model: "
        + message.format("keystream.dropout_model")
        + "keystream exercise: "
        + message.format("keystream exercise check")
    )


def test_showing_task_and_help_loads_no_jax():
    program = (
        "import sys\n"
        "from keystream._cli import main\n"
        "main(['exercise']); main(['exercise', '--hints'])\n"
        "for words in (['exercise', 'check', '-h'], ['dropout-model', '-h']):\n"
        "    try: main(words)\n"
        "    except SystemExit as end: assert end.code == 0\n"
        "assert 'jax' not in sys.modules and 'numpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
