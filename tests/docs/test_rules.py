"""The pages of the rules are what the docstrings say, and what they say of the rules is so."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from executed_pages import ROOT

from keystream import _rules
from keystream._linter.config import Config
from keystream._linter.engine import Worker


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / f"docs/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RULES = _load("generate_rules")
SEVERITIES = {"error", "warning", "note", ""}  # none: what is reserved, and not reported
WITH_PAGE = [code for code in RULES.codes() if _rules.page(code) is not None]


@pytest.mark.parametrize("name", RULES.pages())
def test_a_page_is_what_the_docstrings_say(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == RULES.pages()[name], (
        "run: python docs/generate_rules.py"
    )


def test_no_page_is_left_of_a_rule_that_is_no_more() -> None:
    assert list(RULES.stale()) == []


def test_every_code_of_a_finding_has_its_severities() -> None:
    assert all(set(RULES.severities(code).split(", ")) <= SEVERITIES for code in RULES.codes())


@pytest.mark.parametrize("code", WITH_PAGE)
def test_the_severity_that_lint_finds_is_among_those_of_the_table(
    code: str, tmp_path: Path
) -> None:
    path = tmp_path / "program.py"
    path.write_text(RULES.page(code).partition("```python\n")[2].partition("```")[0])
    found = {f.severity for f in Worker(Config()).check(path).findings if f.code == code}
    assert found <= set(RULES.severities(code).split(", "))


def test_the_repairs_are_those_that_lint_makes_and_its_page_lists() -> None:
    source = (ROOT / "src/keystream/_lint/repairs.py").read_text()
    page = (ROOT / "docs/lint.md").read_text().partition("| Code | Repair |")[2]
    rows = re.findall(r"^\| (KS[^|]*) \|[^|]*\| (safe|unsafe) \|$", page, re.MULTILINE)
    listed = {code: safety for codes, safety in rows for code in codes.split(", ")}
    assert listed == {code: RULES.repair(code) for code in WITH_PAGE if RULES.repair(code)}
    assert set(re.findall(r'"(KS\d{3})"', source)) == set(listed)


def test_every_rule_that_judges_a_run_rests_on_some_evidence() -> None:
    resting = {code for name in RULES.EVIDENCE for code in RULES.resting_on(name)}
    assert resting == {code for code in WITH_PAGE if hasattr(_rules.page(code), "recorded")} | (
        set(_rules.from_source()) & set(WITH_PAGE)
    )


def test_every_rule_of_a_mistake_stands_in_the_table_of_mistakes() -> None:
    named = {code for codes in RULES.mistakes().values() for code in re.findall(r"KS\d{3}", codes)}
    matters = {"KS105", "KS402"}  # style, and reserved
    assert {code for code in RULES.codes() if code < "KS9"} - matters <= named
