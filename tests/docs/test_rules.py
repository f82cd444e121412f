"""The pages of the rules are what the docstrings say, and what they say of the rules is so."""

import ast
import importlib.util
import pkgutil
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
SEVERITIES = {"error", "warning", "note"}
_CONSTRAINTS = (ROOT / "constraints.txt").read_text()
WITH_PAGE = [code for code in RULES.codes() if _rules.page(code) is not None]


@pytest.mark.parametrize("name", RULES.pages())
def test_a_page_is_what_the_docstrings_say(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == RULES.pages()[name], (
        "run: python docs/generate_rules.py"
    )


def test_no_page_is_left_of_a_rule_that_is_no_more() -> None:
    assert list(RULES.stale()) == []


def test_the_overview_begins_with_mistakes_and_says_what_each_rule_finds() -> None:
    text = RULES.index()
    headings = re.findall(r"^## (.*)", text, re.MULTILINE)
    assert headings[:2] == ["Which rule finds which mistake", "Keys"]
    rows = re.findall(r"^\| \[(KS\d{3})\]\([^)]*\) [\w-]+ \| ([^|]*) \|", text, re.MULTILINE)
    assert [code for code, _ in rows] == RULES.codes()
    assert all(said.endswith(".") for _, said in rows)


def test_a_page_says_what_its_rule_does_once() -> None:
    page = RULES.page("KS106")
    assert page.count("where the program goes on as if it were another") == 1


def test_every_code_of_a_finding_has_its_severities() -> None:
    assert all(set(RULES.severities(code).split(", ")) <= SEVERITIES for code in RULES.codes())


def test_what_is_reserved_is_no_rule_of_the_site() -> None:
    assert "KS402" not in RULES.codes()
    assert "rules/KS402.md" not in RULES.pages()
    assert "](rules/KS402" not in RULES.index()


def _literal(node: ast.expr) -> set[str]:
    """The severities that an expression is, where it says so itself."""
    if isinstance(node, ast.IfExp):
        return _literal(node.body) | _literal(node.orelse)
    said = node.value if isinstance(node, ast.Constant) else None
    return {said} if isinstance(said, str) and said in SEVERITIES else set()


def _given_in(tree: ast.AST) -> set[str]:
    """The severities that a rule's own file returns, or hands on."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and node.value is not None:
            found |= _literal(node.value)
        elif isinstance(node, ast.Call):
            for each in [*node.args, *(keyword.value for keyword in node.keywords)]:
                found |= _literal(each)
    return found


def _given_for(code: str, tree: ast.AST) -> set[str]:
    """The severities that stand beside a code: ``Judged("KS902", "warning", ...)``."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and len(node.args) > 1)
    of_code = (call for call in calls if getattr(call.args[0], "value", None) == code)
    return {severity for call in of_code for severity in _literal(call.args[1])}


def test_the_table_has_every_severity_that_the_source_gives() -> None:
    trees = [ast.parse(path.read_text()) for path in (ROOT / "src/keystream").rglob("*.py")]
    for code in WITH_PAGE:
        own = ast.parse(Path(str(_rules.page(code).__file__)).read_text())  # pyright: ignore
        given = _given_in(own).union(*(_given_for(code, tree) for tree in trees))
        assert given <= set(RULES.severities(code).split(", ")), code


_VERSIONED = re.compile(r"\b(jax|flax|equinox|NumPy) (\d+(?:\.\d+)+)")
_DOTTED = re.compile(r"`((?:jax|flax|equinox|numpy)(?:\.\w+)+)`")


@pytest.mark.parametrize("code", WITH_PAGE)
def test_the_sources_of_a_page_are_those_that_the_rule_is_tested_with(code: str) -> None:
    sources = RULES.page(code).partition("## Sources")[2]
    pinned = dict(
        re.findall(r"^([\w-]+)==([\d.]+)(?:; python_version >=.*)?$", _CONSTRAINTS, re.MULTILINE)
    )
    for name, version in _VERSIONED.findall(sources):
        assert version == pinned[name.lower()], f"{name} in the sources of {code}"
    for name in _DOTTED.findall(sources):
        pkgutil.resolve_name(name)


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
    matters = {"KS105"}  # style
    assert {code for code in RULES.codes() if code < "KS9"} - matters <= named
