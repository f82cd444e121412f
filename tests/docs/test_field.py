"""The field report is written from what was measured and judged."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def field():
    spec = importlib.util.spec_from_file_location("field", ROOT / "benchmarks/field.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def saved(field):
    return json.loads(field.RESULTS.read_text())


def test_the_tables_of_the_page_are_those_of_the_results(field, saved) -> None:
    page = (ROOT / "docs/field.md").read_text()
    assert field.fill(page, saved) == page


def test_the_results_have_the_judgements_of_the_file(field, saved) -> None:
    assert field.judged(saved["findings"], field.verdicts())[0] == saved["findings"]


def test_everything_outside_tests_is_judged(saved) -> None:
    assert not [r for r in saved["findings"] if not r["aside"] and "verdict" not in r]


def test_a_verdict_follows_its_finding_to_another_line(field) -> None:
    place = {"repository": "a/b", "path": "c.py", "code": "KS101", "function": "f"}
    verdict = {"verdict": "real", "consequential": "no", "reason": "equal noise"}
    moved, left = field.judged([{**place, "place": "9"}], [{**place, "place": "7", **verdict}])
    assert moved == [{**place, "place": "9", **verdict}]
    assert left == []


def test_a_verdict_is_not_given_to_a_second_finding_or_to_another_rule(field) -> None:
    place = {"repository": "a/b", "path": "c.py", "place": "7", "function": "f"}
    verdict = {"verdict": "real", "consequential": "no", "reason": "equal noise"}
    given = [{**place, "code": "KS101", **verdict}]
    first, second = ({**place, "code": "KS101", "place": line} for line in ("9", "7"))
    rows, _ = field.judged([first, second], given)
    assert [row.get("verdict") for row in rows] == [None, "real"]
    other, left = field.judged([{**place, "code": "KS102"}], given)
    assert "verdict" not in other[0]
    assert left == given


def test_every_real_and_consequential_finding_has_a_text(field, saved) -> None:
    told = {
        (report["repository"], place) for report in field.reports() for place in report["findings"]
    }
    wanted = {
        (row["repository"], f"{row['path']}:{row['place']}")
        for row in saved["findings"]
        if row.get("consequential") == "yes"
    }
    assert wanted <= told
