"""Every mistake that a check names, made in a solution; and right solutions that look otherwise.

The solutions run here in the test's own process: it is the runner's tests that start another.
"""

import io
import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from exercise_solutions import (
    COMPILED,
    COMPILED_SWAPPED,
    KEYS,
    MISTAKES,
    RIGHT_ONES,
    apply,
    init,
    own_dropout,
    written,
)
from rich.console import Console

from keystream._cli import main
from keystream._exercise import leads, learner
from keystream._exercise.call_mistakes import CALLS
from keystream._exercise.cases import VISIBLE, Case, random_cases
from keystream._exercise.diagnosis import diagnose
from keystream._exercise.evidence import close, gather
from keystream._exercise.output_mistakes import PROGRAMS, PROPERTIES, RESIDUAL, SHAPES
from keystream._exercise.programs import Program
from keystream._exercise.render import print_report
from keystream._exercise.report import assess
from keystream._exercise.runner import Run
from keystream._exercise.task import HINTS, PAGES
from keystream.dropout_model import run_dropout_model

CASES = VISIBLE
ROOT = Path(__file__).parents[2]


@pytest.fixture
def report_of(tmp_path):
    def report_of(source, cases=CASES):
        path = tmp_path / "solution.py"
        path.write_text(source, encoding="utf-8")
        events = tuple(learner.events(path, [case.inputs() for case in cases]))
        return assess(cases, Run(events, "", timed_out=False, exit_code=0, timeout=60.0))

    return report_of


@pytest.mark.parametrize("source", RIGHT_ONES.values(), ids=RIGHT_ONES)
def test_a_right_solution_passes_bit_for_bit(report_of, source):
    report = report_of(source)
    assert report.passed
    assert [result.status for result in report.results] == ["exact"] * len(CASES)


def test_a_compiled_solution_passes_though_it_may_round_otherwise(report_of):
    report = report_of(COMPILED, CASES[:4])
    assert report.passed
    assert {result.status for result in report.results} <= {"exact", "close"}


def test_outputs_within_rounding_are_told_from_exact_ones(report_of):
    report = report_of(written(end="return jnp.nextafter(y, jnp.inf)"))
    assert report.passed
    assert {result.status for result in report.results} == {"close"}


WITH_NAMES = [(name, source) for name, sources in MISTAKES.items() for source in sources]


@pytest.mark.parametrize(("name", "source"), WITH_NAMES, ids=[name for name, _ in WITH_NAMES])
def test_the_mistake_is_named(report_of, name, source):
    report = report_of(source)
    assert not report.passed
    assert [finding.name for finding in report.findings] == [name]
    (finding,) = report.findings
    assert finding.what
    assert finding.where
    assert finding.why
    assert finding.fix


def test_every_row_of_the_table_is_made_by_a_solution():
    rows = [mistake.name for mistake in (*CALLS, *SHAPES, *PROGRAMS, *PROPERTIES, *RESIDUAL)]
    assert set(rows) == set(MISTAKES) - {"unknown", "raised", "not-loaded"}


SWAPPED = {"params_key": KEYS("int(dropout_seed)"), "dropout_key": KEYS("int(seed)")}


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        ({**SWAPPED, "flag": "deterministic < 0.5"}, ["seeds-swapped", "flag-inverted"]),
        ({"end": "return y[None]", "flag": "deterministic < 0.5"}, ["wrong-axes", "flag-inverted"]),
        ({"apply": apply("flag, rng=dropout_key"), "end": "return y[None]"}, ["rng-for-rngs"]),
        ({"dropout": own_dropout("return x * mask / keep")}, ["not-finite", "other-mask"]),
        ({"params_key": KEYS(0), "dropout_key": KEYS(1)}, ["seed-unused", "dropout-seed-unused"]),
        (
            {**SWAPPED, "model": "DropoutModel(1.0 - drop_rate)", "flag": "deterministic < 0.5"},
            ["seeds-swapped", "wrong-without-dropout"],
        ),
    ],
)
def test_of_several_mistakes_those_that_show_are_named(report_of, parts, names):
    assert [finding.name for finding in report_of(written(**parts)).findings] == names


def test_of_two_mistakes_that_no_sign_shows_the_outputs_are_those_of_both(report_of):
    parts = {"model": "DropoutModel(1.0 - drop_rate)", "flag": "deterministic < 0.5"}
    findings = report_of(written(**parts)).findings
    assert [finding.name for finding in findings] == ["flag-inverted", "keep-for-drop"]
    where = "all 14 outputs are what these mistakes together give"
    assert [finding.where for finding in findings] == [where, where]


def shown(report):
    console = Console(file=io.StringIO(), width=80)
    print_report(report, console, random_seed=0)
    return console.file.getvalue()


def test_a_right_output_by_luck_is_not_right_yet(report_of):
    report = report_of(written(init=init("params_key")))
    assert all(result.passed for result in report.results)
    text = shown(report)
    assert (
        "\nNot right yet: 14 of 14 cases passed, and still it makes the mistake above.\nRandom"
        in text
    )
    assert all(len(line) <= 80 for line in text.splitlines())


def test_where_nothing_ran_no_table_is_shown(report_of):
    assert shown(report_of("import no_such_module")) == (
        "\n"
        "1. the file can't be loaded: ModuleNotFoundError: No module named 'no_such_module'\n"
        "  where: line 1: import no_such_module\n"
        "  why:   the function is not there before the whole file has run\n"
        "  fix:   make the file run by itself first: python solution.py\n"
        "  read:  docs/quickstart.md#now-you\n"
        "  next:  keystream exercise\n"
        "  not-loaded\n"
        "\n"
        "Not right yet: 0 of 14 cases passed.\n"
        "Random cases: --random-seed 0\n"
    )


def _anchors(page):
    headings = re.findall(r"^#+ (.*)$", (ROOT / "docs" / page).read_text(), re.MULTILINE)
    words = (re.sub(r"[^\w\s-]", "", heading).lower() for heading in headings)
    return {re.sub(r"\s+", "-", word) for word in words}


def test_every_answer_leads_to_a_section_and_to_a_command_that_works(capsys):
    rows = (*CALLS, *SHAPES, *PROGRAMS, *PROPERTIES, *RESIDUAL)
    for lead in {row.lead for row in rows} | {leads.RIGHT}:
        page, _, anchor = lead.page.partition("#")
        assert not anchor or anchor in _anchors(page), lead
        name, *words = lead.command.split()
        assert name == "keystream"
        assert words == ["demo"] or main(words) == 0
    for page in PAGES:
        assert page.partition("#")[2] in _anchors(page.partition("#")[0])
    assert len(PAGES) == len(HINTS)
    capsys.readouterr()


def test_the_code_of_every_remedy_is_80_columns_wide_at_most():
    for mistake in (*CALLS, *SHAPES, *PROGRAMS, *PROPERTIES, *RESIDUAL):
        assert len(mistake.what) <= 77
        assert all(len(line) <= 71 for line in mistake.fix.splitlines()), mistake.name


def test_of_keys_that_are_traced_the_outputs_tell(report_of):
    (finding,) = report_of(COMPILED_SWAPPED, CASES[:6]).findings
    assert finding.name == "seeds-swapped"
    assert finding.where == "all 6 outputs are what this mistake gives"


def test_of_keys_that_are_seen_the_call_tells(report_of):
    (reused,) = report_of(
        written(init=init('{"params": params_key, "dropout": params_key}'))
    ).findings
    (swapped,) = report_of(
        written(init=init('{"params": dropout_key, "dropout": params_key}'))
    ).findings
    where = 'init · cases "the task\'s example", "training", "evaluation" and 11 more'
    assert (reused.name, reused.where) == ("key-reused", where)
    assert (swapped.name, swapped.where) == ("seeds-swapped", where)


def test_a_stream_that_is_served_from_params_is_placed_at_its_layer(report_of):
    (finding,) = report_of(MISTAKES["single-key-init"][0]).findings
    assert finding.where == "Dropout_0 in init · streams given: 'params'"


def test_an_error_is_placed_at_the_line_of_the_solution(report_of):
    (finding,) = report_of(MISTAKES["rng-for-rngs"][0]).findings
    source = MISTAKES["rng-for-rngs"][0].splitlines()
    (line,) = (number for number, text in enumerate(source, start=1) if "rng=" in text)
    where, cases = finding.where.split(" · ")
    assert where == f"line {line}: {source[line - 1].strip()}"
    assert cases == 'cases "the task\'s example", "training", "evaluation" and 11 more'


def test_an_error_of_the_solutions_own_is_told_in_full(report_of):
    report = report_of(written(end="raise KeyError('mine')"))
    (finding,) = report.findings
    assert finding.what == "the solution raised KeyError: 'mine'"
    assert finding.fix == (
        "see the whole message by calling it yourself:\n"
        "run_dropout_model(0.0, jnp.array([1, 2, 3, 4], jnp.float32), 7.0, 0.5, 0.0)"
    )


@pytest.mark.parametrize(
    ("source", "what", "where"),
    [
        ("x = (", "the file can't be loaded: SyntaxError: '(' was never closed", "line 1: x = ("),
        (
            "\nimport no_such_module",
            "the file can't be loaded: ModuleNotFoundError: No module named 'no_such_module'",
            "line 2: import no_such_module",
        ),
    ],
)
def test_a_file_that_does_not_load_says_where(report_of, source, what, where):
    (finding,) = report_of(source).findings
    assert finding.what.startswith(what)
    assert finding.where == where


def test_what_cannot_even_be_printed_is_survived(report_of):
    source = (
        "class Odd(Exception):\n    def __str__(self): raise RuntimeError\n"
        "class Shape:\n    dtype = None\n    def __array__(self, *a, **k): raise Odd\n"
        "def run_dropout_model(seed, x, *rest):\n"
        "    if x.size == 1: raise Odd\n    return Shape()\n"
    )
    report = report_of(source)
    assert not report.passed
    assert {result.status for result in report.results} == {"wrong", "raised"}


def test_the_program_without_mistakes_is_the_exercise():
    for case in CASES:
        x = np.array(case.x, np.float32)
        scalars = (case.dropout_seed, case.drop_rate, case.deterministic)
        right = run_dropout_model(case.seed, x, *scalars)
        np.testing.assert_array_equal(Program().run(case), np.asarray(right, np.float64))


def test_the_visible_cases_alone_tell_all_programs_apart():
    programs = [("right", Program())]
    for mistake in PROGRAMS:
        programs += [(mistake.name, Program().with_steps(steps)) for steps in mistake.programs]
    outputs = [(name, [p.run(case) for case in VISIBLE]) for name, p in programs]
    for (one, a), (other, b) in itertools.combinations(outputs, 2):
        assert one == other or not all(map(close, a, b)), f"{one} and {other}"


def test_random_cases_are_those_of_their_seed():
    assert random_cases(5) == random_cases(5)
    assert random_cases(5) != random_cases(6)
    x = (-0.64, -1.93, 0.09, -0.76, 2.27, -1.57, -0.19, 0.67)
    assert random_cases(0)[0] == Case("random 1", 515908.8, x, 816225.8, 0.5, 0.28)


def test_no_finding_without_a_case_that_failed():
    events = [{"event": "loaded"}]
    for index, case in enumerate(CASES):
        values = Program().run(case).tolist()
        note = {"type": "Array", "array": True, "shape": [len(values)], "values": values}
        events.append({"event": "returned", "case": index, "layers": [], **note})
    evidence = gather(CASES, events, timed_out=False)
    assert diagnose(evidence, Run((), "", timed_out=False, exit_code=0, timeout=1.0)) == ()
