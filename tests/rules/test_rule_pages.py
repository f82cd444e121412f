"""Each page of a rule: its sections in order, its Example found, its Use instead clean."""

import inspect
import re

import pytest

from keystream import _rules
from keystream._codes import CODES
from keystream._linter.config import Config
from keystream._linter.engine import Worker

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
    code: text
    for code in CODES
    if (module := _rules.page(code)) is not None
    and "## What it does" in (text := inspect.getdoc(module) or "")
}
READ = [code for code in PAGES if hasattr(_rules.page(code), "read")]


def _found(code, section, folder):
    block = PAGES[code].partition(f"## {section}\n")[2].partition("```python\n")[2]
    path = folder / "program.py"
    path.write_text(block.partition("```")[0])
    return {
        finding.code
        for finding in Worker(Config()).check(path).findings
        if finding.severity != "note" or finding.code == code
    }


@pytest.mark.parametrize("code", PAGES)
def test_a_page_has_all_sections_in_order(code):
    assert re.findall(r"^## (.+)$", PAGES[code], re.MULTILINE) == SECTIONS


@pytest.mark.parametrize("code", READ)
def test_the_example_is_found(code, tmp_path):
    assert code in _found(code, "Example", tmp_path)


@pytest.mark.parametrize("code", READ)
def test_what_to_use_instead_is_clean(code, tmp_path):
    assert _found(code, "Use instead", tmp_path) == set()
