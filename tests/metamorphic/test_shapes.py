"""The harness itself: markers, renaming, lines that move, and how findings are counted."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from corpus import Program, programs, read
from harness import Job, books, judged
from renaming import misleading_comments, renamed, with_comparisons, without_comments
from shapes import PAIRED, SHAPES, applies, tasks

EVERYTHING = programs()


def _program(folder: Path, text: str) -> Program:
    path = folder / "mistaken" / "example.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return read(path)


REUSE = """# about: an example
import jax

key = jax.random.key(0)
a = jax.random.normal(key)  # or: KS101
b = jax.random.uniform(key)  # expect: KS101|KS102
"""


def test_markers_are_taken_out_and_the_lines_stay(tmp_path: Path) -> None:
    program = _program(tmp_path, REUSE)
    assert "expect" not in program.source
    assert "about" not in program.source
    assert program.source.splitlines()[4] == "a = jax.random.normal(key)"
    (mistake,) = program.mistakes
    assert mistake.codes == {"KS101", "KS102"}
    assert mistake.lines == {5, 6}


def test_a_misspelt_marker_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="marker not understood"):
        _program(tmp_path, "x = 1  # expect: KS1O1 or KS102\n")


def test_a_program_without_its_mistake_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 mistakes are marked, 1 expected"):
        _program(tmp_path, "x = 1\n")


@pytest.mark.parametrize("shape", [*SHAPES, *PAIRED])
def test_every_shape_of_every_program_is_python_and_keeps_the_marked_lines(shape: str) -> None:
    texts = {program.name: program.source.splitlines() for program in EVERYTHING}
    for program in EVERYTHING:
        if shape == "before" and program.kind == "correct":
            continue
        task = tasks(shape, program, EVERYTHING)
        for text in task.files.values():
            ast.parse(text)
        assert len(task.wanted) >= len(program.mistakes)
        if shape in ("comparison", "neutral", "misleading"):
            continue
        marked = [line for mistake in program.mistakes for line in sorted(mistake.lines)]
        moved = [place for wanted in task.wanted for place in sorted(wanted.places)]
        originals = {texts[program.name][line - 1].strip() for line in marked}
        now = {task.files[path].splitlines()[line - 1].strip() for path, line in moved}
        assert originals <= now


@pytest.mark.parametrize("program", EVERYTHING, ids=lambda program: program.name)
def test_a_renamed_program_keeps_everything_but_its_own_names(program: Program) -> None:
    new = renamed(program.source, lambda number, _: f"v{number}")
    before, after = ast.walk(ast.parse(program.source)), ast.walk(ast.parse(new))
    for old, now in zip(before, after, strict=True):
        assert type(old) is type(now)
        if isinstance(old, ast.Attribute):
            assert old.attr == now.attr
        if isinstance(old, ast.keyword):
            assert old.arg == now.arg
        if isinstance(old, ast.Constant):
            assert old.value == now.value


def test_renaming_follows_the_scopes_of_python() -> None:
    source = (
        "import jax\n"
        "def f(x, key):\n"
        "    y = [x for x in range(x)]\n"
        "    return lambda k: (k, y, key)\n"
        "class C:\n"
        "    rate: float = 1.0\n"
        "    def g(self, key, *, flag=False):\n"
        "        return f(self.rate, key=key)\n"
        "x = f(3, key=jax)\n"
    )
    names = iter("abcdefghijklmnopqrstuvwxyz")
    assert renamed(
        source, lambda _, is_class: next(names).upper() if is_class else next(names)
    ) == (
        "import jax\n"
        "def a(b, key):\n"
        "    c = [d for d in range(b)]\n"
        "    return lambda e: (e, c, key)\n"
        "class F:\n"
        "    rate: float = 1.0\n"
        "    def g(self, key, *, g=False):\n"
        "        return a(self.rate, key=key)\n"
        "h = a(3, key=jax)\n"
    )


def test_comments_and_documentation_go_and_lines_stay() -> None:
    source = 'def f():\n    """Same noise\n    on purpose."""\n    return 1  # equal\n'
    assert without_comments(source) == 'def f():\n    ""\n\n    return 1\n'


def test_a_comparison_is_added_to_assigned_calls_alone() -> None:
    source = "x = f(\n    1\n)  # said\ny = x\nclass C:\n    z = f(2)\na, b = f(3)\n"
    assert with_comparisons(source) == (
        "x = f(\n    1\n) if 1 == 1 else None  # said\ny = x\nclass C:\n    z = f(2)\n"
        "a, b = f(3) if 1 == 1 else None\n"
    )


def test_misleading_comments_stand_above_the_marked_statements() -> None:
    source = "x = 1\ny = 2\nz = f(\n    3\n)\n"
    above = misleading_comments(source, frozenset({4}))
    assert set(above) == {1, 3}
    assert all(text.startswith("# ") for text in above.values())


def _answer(*findings: tuple[str, str, int]) -> dict:
    return {
        "findings": [
            {"code": code, "severity": severity, "message": "", "places": [["train.py", line]]}
            for code, severity, line in findings
        ],
        "summary": {},
        "error": "",
        "seconds": 0.0,
    }


def _job(name: str) -> Job:
    program = next(program for program in EVERYTHING if program.name == name)
    return Job("audit", "bare", program, tasks("bare", program, EVERYTHING))


def test_one_finding_does_not_name_two_mistakes() -> None:
    job = _job("two_reuses")
    first, second = (min(line for _, line in wanted.places) for wanted in job.task.wanted)
    assert judged(job, _answer(("KS101", "error", first))).named == 1
    both = _answer(("KS101", "error", first), ("KS101", "warning", second))
    assert judged(job, both).named == 2


def test_a_note_another_code_or_another_line_names_nothing() -> None:
    job = _job("checkerboard")
    line = min(line for _, line in job.task.wanted[0].places)
    assert judged(job, _answer(("KS101", "error", line))).named == 1
    assert judged(job, _answer(("KS101", "note", line))).named == 0
    assert judged(job, _answer(("KS201", "error", line))).named == 0
    assert judged(job, _answer(("KS101", "error", 1))).named == 0


def test_errors_and_warnings_about_a_correct_program_are_alarms() -> None:
    job = _job("remat_blocks")
    assert not judged(job, _answer(("KS101", "note", 9))).alarms
    assert judged(job, _answer(("KS101", "warning", 9))).alarms


def test_accounts_must_add_up_to_the_draws() -> None:
    accounts = {
        "draws": 10,
        "distinct": 4,
        "in_findings": 2,
        "excused": {"clone": 1},
        "recomputed": 2,
        "inside": 1,
        "unexplained": 0,
    }
    assert books({"accounts": accounts}) == "balanced"
    assert books({"accounts": replace_item(accounts, draws=11)}).startswith("11 draws")
    assert books({"accounts": replace_item(accounts, inside=0, unexplained=1)}) == "1 unexplained"
    assert books({"draws": 2, "unique_keys": 1}) == "no accounts"


def replace_item(accounts: dict, **values: int) -> dict:
    return {**accounts, **values}


def test_loud_programs_never_run_before_the_one_that_is_judged() -> None:
    loud = {program.name for program in EVERYTHING if program.loud}
    for program in EVERYTHING:
        if applies("before", program):
            task = tasks("before", program, EVERYTHING)
            assert task.wanted[0].program not in loud


def test_a_program_is_found_by_its_name_once() -> None:
    names = [program.name for program in EVERYTHING]
    assert len(names) == len(set(names))
