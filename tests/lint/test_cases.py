"""Each file of cases says on its lines what shall be found there, and nothing else may be."""

import re
from pathlib import Path

import pytest

from keystream._codes import CODES
from keystream._linter.config import Config
from keystream._linter.engine import Worker

CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))
EXPECTED = re.compile(r"#\s(KS\d{3}(?:, KS\d{3})*)$")


def _expected(path):
    return {
        (number, code)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (match := EXPECTED.search(line))
        for code in match.group(1).split(", ")
    }


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_marked_lines_and_no_others_are_found(path):
    checked = Worker(Config()).check(path)
    found = {(finding.locations[0].line, finding.code) for finding in checked.findings}
    if path.stem != "legacy_key":  # that note is not what the other files are about
        found = {(line, code) for line, code in found if code != "KS105"}
    assert sorted(found) == sorted(_expected(path))


def test_every_rule_that_reads_source_has_a_hit_among_the_cases():
    from keystream._rules import rules

    hit = {code for path in CASES for _, code in _expected(path)}
    readers = {rule.__module__.rpartition(".")[2].replace("_", "-") for rule in rules("read")}
    assert {code for code, name in CODES.items() if name in readers and code > "KS1"} <= hit
