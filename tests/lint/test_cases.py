"""Each file of cases says on its lines what shall be found there, and nothing else may be."""

import re
from pathlib import Path

import pytest

from keystream._codes import CODES
from keystream._linter.config import Config
from keystream._linter.engine import Worker

CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))
EXPECTED = re.compile(r"#\s(?:note: )?(KS\d{3}(?:, KS\d{3})*)$")
NOTED = re.compile(r"#\snote: (KS\d{3})")


def _expected(path):
    return {
        (number, code)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (match := EXPECTED.search(line))
        for code in match.group(1).split(", ")
    }


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_marked_lines_and_no_others_are_found(path):
    checked = Worker(Config(tests="same")).check(path)
    found = {(finding.locations[0].line, finding.code) for finding in checked.findings}
    if path.stem != "legacy_key":  # that note is not what the other files are about
        found = {(line, code) for line, code in found if code != "KS105"}
    assert sorted(found) == sorted(_expected(path))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_is_marked_as_a_note_is_no_more_than_a_note(path):
    noted = {
        (number, match.group(1))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (match := NOTED.search(line))
    }
    checked = Worker(Config(tests="same")).check(path)
    found = {(f.locations[0].line, f.code): f.severity for f in checked.findings}
    assert {place: found.get(place) for place in noted} == dict.fromkeys(noted, "note")


def test_every_rule_that_reads_source_has_a_hit_among_the_cases():
    from keystream._rules import rules

    hit = {code for path in CASES for _, code in _expected(path)}
    readers = {rule.__module__.rpartition(".")[2].replace("_", "-") for rule in rules("read")}
    assert {code for code, name in CODES.items() if name in readers and code > "KS1"} <= hit
