"""Each page of a rule: its sections in order, its Example found, its Use instead clean."""

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from keystream import _rules
from keystream._codes import CODES
from keystream._linter.config import Config
from keystream._linter.engine import Worker
from keystream.errors import by_code

SECTIONS = [
    "What it does",
    "Why it matters",
    "Example",
    "Use instead",
    "Limits",
    "Fix safety",
    "Sources",
]
PAGES = {
    code: inspect.getdoc(module) or ""
    for code in CODES
    if (module := _rules.page(code)) is not None
}
# Those of KS901 are shell commands, which tests/docs runs with what they print.
PROGRAMS = [code for code in PAGES if code != "KS901"]
READ = [
    code
    for code in PROGRAMS
    if (hasattr(_rules.page(code), "read") and not hasattr(_rules.page(code), "SELDOM_READ"))
    or code == "KS903"
]
# What the audit finds in an Example: its own code where its rule judges a run, but for these.
RECORDED = {
    code: {code}
    for code in PROGRAMS
    if hasattr(_rules.page(code), "recorded") or code in _rules.from_source()
} | {
    "KS108": {"KS201"},  # the audit has no rule of this, and names the draws that repeat
    "KS204": {"KS201"},  # a counter of the program's own
    "KS503": set[str](),  # one call, which repeats nothing
}
GROUPS = 3  # processes that audit


def _program(code, section):
    block = PAGES[code].partition(f"## {section}\n")[2].partition("```python\n")[2]
    return block.partition("```")[0]


def _linted(code, section, folder):
    path = folder / "program.py"
    path.write_text(_program(code, section))
    return {
        finding.code
        for finding in Worker(Config()).check(path).findings
        if finding.severity != "note" or finding.code == code
    }


def test_every_code_has_a_page():
    assert set(PAGES) | set(by_code()) == set(CODES)


@pytest.mark.parametrize("code", PAGES)
def test_a_page_has_all_sections_in_order(code):
    assert re.findall(r"^## (.+)$", PAGES[code], re.MULTILINE) == SECTIONS
    first, empty, *_ = PAGES[code].splitlines()
    assert first.endswith(".")
    assert empty == ""


@pytest.mark.parametrize("code", READ)
def test_lint_finds_the_example(code, tmp_path):
    assert code in _linted(code, "Example", tmp_path)


@pytest.mark.parametrize("code", PROGRAMS)
def test_lint_finds_nothing_in_what_to_use_instead(code, tmp_path):
    assert _linted(code, "Use instead", tmp_path) == set()


@pytest.mark.parametrize("group", range(GROUPS))
def test_the_audit_finds_the_examples_that_it_can_see_and_nothing_instead_of_them(group, tmp_path):
    pytest.importorskip("flax", reason="the pages of streams and layers need it")
    expected = {}
    for code in PROGRAMS[group::GROUPS]:
        for section in ("Example", "Use instead"):
            name = f"{code} {section}"
            (tmp_path / f"{name}.py").write_text(_program(code, section))
            expected[name] = RECORDED.get(code, set()) if section == "Example" else set()
    assert _audited(tmp_path) == expected


def _audited(folder):
    """The codes that the audit finds in each program of a folder; of notes only the page's own."""
    runner = Path(__file__).parents[1] / "audit/run_programs.py"
    done = subprocess.run(
        [sys.executable, runner, *sorted(folder.glob("*.py"))],
        env={
            **os.environ,
            "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
            "JAX_PLATFORMS": "cpu",
        },
        capture_output=True,
        check=False,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return {
        name: {
            finding["code"]
            for finding in result["findings"]
            if finding["severity"] != "note" or finding["code"] in name
        }
        for name, result in json.loads(done.stdout.splitlines()[-1]).items()
    }
