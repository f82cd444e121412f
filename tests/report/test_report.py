"""The renderers: each shows what a finding says, whole, and nothing of the machine it was made on."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from keystream import _report
from keystream._findings import Finding, Location, Report
from keystream._report import document, text
from keystream.errors import RestoredStateMismatchError

SOURCE = """\
import jax

key = jax.random.key(0)
first = jax.random.normal(key, (3,))
second = jax.random.normal(key, (3,))  # <script>alert("x")</script>
"""
REUSED = Finding(
    code="KS101",
    severity="error",
    message="normal draws from the key that normal drew from at line 4",
    why="both draw the same numbers where independent ones are expected",
    fix="give each its own key:\nfirst_key, second_key = jax.random.split(key)",
    locations=(Location("train.py", 5, 10, "<module>"), Location("main.py", 2, 0, "run")),
    related=(Location("train.py", 4, 9, "<module>", "drawn from first"),),
    module_path="Net/Dropout_0",
    stream="dropout",
    steps=(3, 8),
    count=1234,
    lineage=(("key(0)", "split[0]", "normal"), ("key(0)", "normal")),
)
NOTE = Finding("KS105", "note", "PRNGKey makes a legacy key", "no type", "use jax.random.key")
HIDDEN = replace(NOTE, severity="warning", suppressed="twins, on purpose")
SUMMARY = {"calls": 10, "draws": 1234, "unique_keys": 7, "streams": ["dropout"], "unseen": {}}
TIMELINE = {
    "stream": "dropout",
    "first": 0,
    "last": 3,
    "draws": [1, 2, 0, 4],
    "repeated": [0, 1, 0, 4],
}
DRAWS = {
    "module_path": "Net/Dropout_0",
    "path": "train.py",
    "line": 4,
    "distribution": "normal",
    "shape": [3],
    "dtype": "float32",
    "stream": "dropout",
    "draws": 1234,
}
REPORT = Report("train.py", (REUSED, NOTE, HIDDEN), SUMMARY, "audit", (DRAWS,), (TIMELINE,))


@pytest.fixture(autouse=True)
def _beside_the_program(tmp_path, monkeypatch):
    (tmp_path / "train.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)


def test_text_has_each_field_in_the_order_of_every_message():
    assert text.render(REPORT) == (
        "train.py:5:10: error KS101 normal draws from the key that normal drew from at line 4\n"
        "    4 | first = jax.random.normal(key, (3,))\n"
        '  > 5 | second = jax.random.normal(key, (3,))  # <script>alert("x")</script>\n'
        "  where: Net/Dropout_0 · stream dropout · steps 3 to 8 · 1234 times\n"
        "  also:  train.py:4:9: drawn from first\n"
        "  also:  main.py:2: in run\n"
        "  key:   key(0) → split[0] → normal\n"
        "  key:   key(0) → normal\n"
        "  why:   both draw the same numbers where independent ones are expected\n"
        "  fix:   give each its own key:\n"
        "         first_key, second_key = jax.random.split(key)\n"
        "  KS101 key-reused (keystream rule KS101)\n"
        "\n"
        "note KS105 PRNGKey makes a legacy key\n"
        "  why:   no type\n"
        "  fix:   use jax.random.key\n"
        "  KS105 legacy-key (keystream rule KS105)\n"
        "\n"
        "keystream audit: 1 error, 1 note, 1 suppressed (10 compiled calls; 1,234 draws;\n"
        "  7 distinct keys; streams dropout)\n"
    )


def test_a_report_and_a_finding_print_as_on_a_terminal():
    assert f"{REPORT!s}\n" == text.render(REPORT)
    first, second, _ = text.render(REPORT).split("\n\n")
    assert str(REUSED) == first
    assert str(NOTE) == second


def test_text_says_so_where_nothing_was_found():
    report = Report(".", (), {"files": 1, "lines": 20}, "lint")
    assert text.render(report) == "keystream lint: nothing found (1 file; 20 lines)\n"


def test_what_was_not_seen_is_said():
    report = Report("a.py", (), {"calls": 0, "unseen": {"exported call": 2}}, "audit")
    assert "not seen: exported call (2)" in text.render(report)


def test_long_sentences_are_wrapped_at_80_columns_and_code_is_not():
    long = replace(REUSED, why="word " * 40, fix="do:\n" + "x" * 120)
    rows = text.render(Report("a", (long,), {}, "audit")).splitlines()
    why = [row for row in rows if "word" in row]
    assert len(why) == 3
    assert max(map(len, why)) <= 80
    assert " " * 9 + "x" * 120 in rows


def test_only_errors_and_warnings_that_stand_make_a_check_fail():
    assert REPORT.exit_code == 1
    assert replace(REPORT, findings=(NOTE, HIDDEN)).exit_code == 0


def test_json_has_the_documented_keys_and_reads_back():
    written = _report.render(REPORT, "json")
    stored = json.loads(written)
    assert stored["version"] == 1
    assert stored["tool"]["name"] == "keystream audit"
    assert stored["summary"] == SUMMARY
    finding = stored["findings"][0]
    assert finding | {"lineage": None} == {
        "code": "KS101",
        "name": "key-reused",
        "severity": "error",
        "message": REUSED.message,
        "why": REUSED.why,
        "fix": REUSED.fix,
        "locations": [
            {"path": "train.py", "line": 5, "column": 10, "function": "<module>"},
            {"path": "main.py", "line": 2, "column": 0, "function": "run"},
        ],
        "related": [
            {
                "path": "train.py",
                "line": 4,
                "column": 9,
                "function": "<module>",
                "message": "drawn from first",
            }
        ],
        "module_path": "Net/Dropout_0",
        "stream": "dropout",
        "steps": [3, 8],
        "count": 1234,
        "lineage": None,
        "suppressed": False,
        "suppressed_reason": "",
        "repair": "",
    }
    assert [each["suppressed"] for each in stored["findings"]] == [False, False, True]
    assert document.read(written) == REPORT


@pytest.mark.parametrize("damaged", ["", "[]", '{"version": 2}', '{"version": 1}'])
def test_a_report_that_is_none_is_refused(damaged):
    with pytest.raises(RestoredStateMismatchError, match="a report can't be read"):
        document.read(damaged)


def test_sarif_names_rules_results_and_suppressions():
    run = json.loads(_report.render(REPORT, "sarif"))["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["KS101", "KS105"]
    first, note, hidden = run["results"]
    assert (first["ruleId"], first["level"], note["level"]) == ("KS101", "error", "note")
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "train.py"
    assert place["region"] == {"startLine": 5, "startColumn": 10}
    related = [each["message"]["text"] for each in first["relatedLocations"]]
    assert related == ["on the way there", "drawn from first"]
    assert hidden["suppressions"] == [{"kind": "inSource", "justification": "twins, on purpose"}]


def test_a_workflow_command_escapes_what_would_end_it():
    odd = replace(REUSED, message="50% of\na, b", locations=(Location("a:b,c.py", 3),))
    command = _report.render(Report("a", (odd, HIDDEN), {}, "audit"), "github")
    assert command == (
        "::error file=a%3Ab%2Cc.py,line=3,title=KS101 key-reused::50%25 of%0Aa, b%0A"
        f"why: {REUSED.why}%0Afix: give each its own key:%0A"
        "first_key, second_key = jax.random.split(key)\n"
    )


def test_the_page_escapes_source_and_loads_nothing():
    page = _report.render(REPORT, "html")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    static = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert re.findall(r'\bsrc="|href="[^#]|url\(|@import|https?://', static) == []
    assert "default-src &#39;none&#39;; style-src &#39;sha256-" in page


def test_reports_load_no_jax():
    code = (
        "import sys; from keystream import _report; from keystream._findings import Report\n"
        "for form in _report.FORMATS: _report.render(Report('a', (), {}, 'audit'), form)\n"
        "assert not {'jax', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_place_that_cannot_be_read_has_no_excerpt(tmp_path):
    Path("binary.py").write_bytes(b"\xff\xfe\x00")
    for path in ("binary.py", "gone.py", str(tmp_path)):
        gone = replace(REUSED, locations=(Location(path, 1),), related=())
        assert " | " not in text.render(Report("a", (gone,), {}, "audit"))
