"""`keystream audit` runs a program as Python would, and adds its report."""

import json
import os
import subprocess
import sys

import pytest

REUSED = (
    "import jax\nkey = jax.random.key(0)\na = jax.random.normal(key)\nb = jax.random.uniform(key)\n"
)
CLEAN = "import jax\nprint(float(jax.random.normal(jax.random.key(0))))\n"


def keystream(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "keystream", "audit", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )


def test_a_clean_program_exits_0(tmp_path):
    (tmp_path / "clean.py").write_text(CLEAN)
    done = keystream("clean.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1.6226")


def test_a_program_with_a_mistake_exits_1_and_names_its_line(tmp_path):
    (tmp_path / "train.py").write_text(REUSED)
    done = keystream("--format", "json", "train.py", cwd=tmp_path)
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert [found["code"] for found in report["findings"]] == ["KS101"]
    assert report["findings"][0]["locations"][0]["path"] == "train.py"
    assert report["findings"][0]["locations"][0]["line"] == 4
    assert report["summary"]["draws"] == 2


def test_a_script_that_is_not_there_exits_2(tmp_path):
    done = keystream("nothing.py", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "keystream audit: there is no script nothing.py\n"
        "  fix:   keystream audit path/to/script.py\n"
    )
    (tmp_path / "train.py").write_text("print('ran')\n")
    for word in ("train", "trian.py"):
        assert keystream(word, cwd=tmp_path).stderr == (
            f"keystream audit: there is no script {word}\n  fix:   keystream audit train.py\n"
        )


@pytest.mark.parametrize("name", ["nopackage", "nopackage.inside", "json.nothing"])
def test_a_module_that_is_not_there_exits_2(tmp_path, name):
    done = keystream("-m", name, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        f"keystream audit: there is no module {name}\n  fix:   keystream audit -m package.module\n"
    )


def test_arguments_name_folder_and_exit_code_are_those_of_python(tmp_path):
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "helper.py").write_text("WORD = 'found'\n")
    (tmp_path / "jobs" / "main.py").write_text(
        "import os, sys, helper\n"
        "print(sys.argv, __name__, __file__, helper.WORD, sys.modules['__main__'].helper.WORD)\n"
        "print(os.path.basename(os.getcwd()))\n"
        "sys.exit(3)\n"
    )
    plain = subprocess.run(
        [sys.executable, "jobs/main.py", "--format", "x"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
    )
    done = keystream("--output", "report.txt", "jobs/main.py", "--format", "x", cwd=tmp_path)
    assert done.stdout == plain.stdout
    assert done.returncode == plain.returncode == 3


def test_a_failing_program_shows_its_own_traceback_and_the_findings_so_far(tmp_path):
    (tmp_path / "train.py").write_text(REUSED + "raise RuntimeError('mine')\n")
    plain = subprocess.run(
        [sys.executable, "train.py"], cwd=tmp_path, capture_output=True, check=False, text=True
    )
    done = keystream("train.py", cwd=tmp_path)
    assert done.stderr == plain.stderr
    assert "RuntimeError: mine" in done.stderr
    assert "KS101" in done.stdout
    assert done.returncode == 1


def test_a_module_runs_like_python_m(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "train.py").write_text(
        "from . import __name__ as p\nprint(p, __name__)\n" + REUSED
    )
    done = keystream("--format", "json", "-m", "package.train", cwd=tmp_path)
    assert done.stderr == "package __main__\n"
    assert [found["code"] for found in json.loads(done.stdout)["findings"]] == ["KS101"]


def test_a_mistake_inside_a_library_is_a_note_unless_libraries_are_included(tmp_path):
    package = tmp_path / "site-packages" / "tool"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(REUSED)
    for options, code, severity in ([], 0, "note"), (["--include-libraries"], 1, "error"):
        done = keystream(*options, "--format", "json", "-m", "tool", cwd=package.parent)
        found = json.loads(done.stdout)["findings"]
        assert done.returncode == code, done.stderr
        assert [(each["code"], each["severity"]) for each in found] == [("KS101", severity)]


WITH_OPTIONS = (
    "import argparse\n"
    "parser = argparse.ArgumentParser()\n"
    "parser.add_argument('--steps')\n"
    "parser.add_argument('--out_file')\n"
    "print(parser.parse_args())\n"
)


def test_options_of_the_audit_behind_the_program_are_told(tmp_path):
    (tmp_path / "clean.py").write_text(CLEAN)
    done = keystream("clean.py", "--format", "html", "x y", "--output=r.html", cwd=tmp_path)
    assert done.stderr == (
        "keystream audit: warning: --format and --output stand behind clean.py, so clean.py"
        " gets them and the audit does not\n"
        "  fix:   keystream audit --format html --output=r.html clean.py 'x y'\n"
    )
    assert not (tmp_path / "r.html").exists()


def test_one_option_of_the_audit_behind_a_module_is_told(tmp_path):
    (tmp_path / "clean.py").write_text(CLEAN)
    done = keystream("-m", "clean", "--show-excused", cwd=tmp_path)
    assert done.stderr == (
        "keystream audit: warning: --show-excused stands behind clean, so clean"
        " gets it and the audit does not\n"
        "  fix:   keystream audit --show-excused -m clean\n"
    )


@pytest.mark.parametrize("words", [["--steps", "3"], ["--steps=3"], ["--epochs", "3"]])
def test_options_that_the_program_has_too_are_its_own(tmp_path, words):
    (tmp_path / "clean.py").write_text(WITH_OPTIONS)
    assert "warning" not in keystream("clean.py", *words, cwd=tmp_path).stderr


TEN = """\
import jax
key = jax.random.key(0)
for _ in range(10):
    key, step_key = jax.random.split(key)
    jax.random.normal(step_key)
"""


@pytest.mark.parametrize(
    ("program", "options", "code", "why"),
    [
        ("1 / 0", [], 1, "the program ended with ZeroDivisionError before any draw"),
        (
            "import nosuchmodule",
            [],
            1,
            "the program ended with ModuleNotFoundError before any draw",
        ),
        ("x = 1", [], 0, "JAX was never imported"),
        ("import jax", [], 0, "nothing was drawn from a key"),
        (TEN, ["--from-step", "100"], 2, "step 100 was never reached: step 9 was the last"),
        ("import jax", ["--from-step", "3"], 2, "step 3 was never reached: no step was seen"),
    ],
)
def test_a_run_without_a_draw_is_not_called_free_of_mistakes(tmp_path, program, options, code, why):
    (tmp_path / "train.py").write_text(program)
    done = keystream(*options, "--format", "json", "train.py", cwd=tmp_path)
    assert done.returncode == code
    assert json.loads(done.stdout)["summary"]["unjudged"] == why
    text = " ".join(keystream(*options, "train.py", cwd=tmp_path).stdout.split())
    assert text.startswith(f"keystream audit: nothing was judged: {why}")


def test_a_run_with_draws_says_nothing_of_it(tmp_path):
    (tmp_path / "train.py").write_text(TEN)
    done = keystream("--from-step", "9", "--format", "json", "train.py", cwd=tmp_path)
    assert done.returncode == 0
    assert "unjudged" not in json.loads(done.stdout)["summary"]


NAMED = """\
import jax
import keystream as ks
streams = ks.Streams(0, "dropout", "shuffle", "unused")
jax.random.permutation(streams.key("shuffle", 0), 5)
jax.random.normal(streams.key("dropout", 0))
jax.random.normal(jax.random.key(7))
"""


def test_streams_are_those_that_keys_are_read_back_to_too(tmp_path):
    (tmp_path / "train.py").write_text(NAMED)
    text = keystream("train.py", cwd=tmp_path).stdout
    assert "streams dropout, shuffle)" in text
    done = keystream("--format", "json", "train.py", cwd=tmp_path)
    assert json.loads(done.stdout)["summary"]["streams"] == ["dropout", "shuffle"]


@pytest.mark.parametrize("option", ["--output", "--record"])
def test_the_program_is_never_written_over(tmp_path, option):
    program = tmp_path / "train.py"
    program.write_text("print('ran')\n")
    ran = keystream(option, program, program, cwd=tmp_path)
    assert ran.returncode == 2
    assert "names the program itself" in ran.stderr
    assert program.read_text() == "print('ran')\n"
