"""The action for GitHub: its steps, run here as a runner would run them, without installing."""

import json
import os
import re
import subprocess
import sys

import pytest
from executed_pages import ROOT

yaml = pytest.importorskip("yaml", reason="the docs extra is not installed")

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
REUSED = (
    "import jax\nkey = jax.random.key(0)\na = jax.random.normal(key)\nb = jax.random.normal(key)\n"
)
CLEAN = "import jax\nprint(jax.random.normal(jax.random.key(0)).shape)\n"


@pytest.fixture
def runner(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "keystream"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m keystream "$@"\n')
    command.chmod(0o755)
    (tmp_path / "temp/keystream").mkdir(parents=True)
    (tmp_path / "train.py").write_text(REUSED)
    (tmp_path / "clean.py").write_text(CLEAN)

    def run(name, **environment):
        assert set(environment) == set(STEPS[name]["env"])
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[name]["run"]],
            cwd=tmp_path,
            env={
                **os.environ,
                "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
                "JAX_PLATFORMS": "cpu",
                "RUNNER_TEMP": str(tmp_path / "temp"),
                "GITHUB_OUTPUT": str(tmp_path / "outputs"),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        outputs = tmp_path / "outputs"
        return done, outputs.read_text() if outputs.is_file() else ""

    return run


def _codes(path):
    (run,) = json.loads(path.read_text())["runs"]
    return [result["ruleId"] for result in run["results"]]


def test_lint_shows_its_text_and_leaves_sarif(runner, tmp_path):
    done, outputs = runner("Lint", PATHS="train.py clean.py", FORMAT="sarif")
    assert (done.returncode, outputs) == (0, "code=1\n")
    assert "train.py:4:5: error KS101" in done.stdout
    assert _codes(tmp_path / "temp/keystream/lint.sarif") == ["KS101"]


def test_without_an_upload_the_findings_stand_beside_the_lines(runner):
    done, _ = runner("Lint", PATHS=".", FORMAT="github")
    assert "::error file=train.py,line=4,title=KS101 key-reused,col=5::" in done.stdout


def test_what_can_not_be_linted_fails_at_once(runner):
    done, outputs = runner("Lint", PATHS="nowhere.py", FORMAT="sarif")
    assert (done.returncode, outputs) == (2, "code=2\n")


def test_an_audit_runs_the_program_once_and_shows_it_twice(runner, tmp_path):
    (tmp_path / "train.py").write_text("print('ran')\n" + REUSED)
    done, outputs = runner("Audit", AUDIT="train.py", FORMAT="sarif")
    assert (done.returncode, outputs) == (0, "code=1\n")
    assert done.stdout.count("ran\n") == 1
    assert "error KS101" in done.stdout
    assert _codes(tmp_path / "temp/keystream/audit.sarif") == ["KS101"]


def test_a_program_that_is_not_there_fails_at_once(runner):
    done, outputs = runner("Audit", AUDIT="nowhere.py", FORMAT="github")
    assert (done.returncode, outputs) == (2, "code=2\n")


@pytest.mark.parametrize(
    ("fail", "lint", "audit", "code"),
    [
        ("true", "0", "", 0),
        ("true", "1", "0", 1),
        ("true", "", "1", 1),
        ("false", "1", "1", 0),
        ("false", "0", "3", 3),
    ],
)
def test_the_verdict_is_that_of_the_findings_unless_told_otherwise(runner, fail, lint, audit, code):
    done, _ = runner("Verdict", FAIL=fail, LINT=lint, AUDIT=audit)
    assert done.returncode == code


def test_no_input_reaches_a_shell_but_through_its_environment():
    assert [name for name, step in STEPS.items() if "${{" in step.get("run", "")] == []


def _examples():
    blocks = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "docs/ci.md").read_text(), re.S | re.M)
    return [yaml.safe_load(block) for block in blocks]


def test_the_page_shows_a_hook_that_the_repository_has():
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (shown,) = (each["repos"] for each in _examples() if "repos" in each)
    assert {hook["id"] for repo in shown for hook in repo["hooks"]} <= {
        hook["id"] for hook in hooks
    }


def test_the_page_gives_the_action_what_it_takes_and_lists_all_of_it():
    (shown,) = (each["jobs"] for each in _examples() if "jobs" in each)
    given = {name for step in shown["keystream"]["steps"] for name in step.get("with", ())}
    inputs = set(ACTION["inputs"])
    assert given - {"python-version"} <= inputs
    assert set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/ci.md").read_text(), re.M)) == inputs


def test_the_workflows_give_the_action_what_it_takes():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    given = [
        step["with"] for step in workflow["jobs"]["action"]["steps"] if step.get("uses") == "./"
    ]
    assert given
    assert set().union(*given) <= set(ACTION["inputs"])
