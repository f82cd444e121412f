"""What is named in one shape is named in every shape, and correct programs stay quiet in all.

Each program runs bare and in two other shapes, chosen by its place in the list; the full cross is
marked slow: `pytest -m slow tests/metamorphic`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness import Job, Outcome, Server, all_shapes, jobs, programs

EVERYTHING = programs()


def _chosen(tool: str) -> list[Job]:
    """Each program bare, and in two shapes rotated by its place."""
    chosen: list[Job] = []
    for index, program in enumerate(EVERYTHING):
        applying = list(jobs(tool, all_shapes(tool), [program], EVERYTHING))
        bare, others = applying[0], applying[1:]
        rotated = {(2 * index) % len(others), (2 * index + 1) % len(others)}
        chosen += [bare, *(others[place] for place in sorted(rotated))]
    return chosen


def _parameters(tool: str) -> list[object]:
    """The chosen jobs, then the rest of the cross, which is slow."""
    chosen = _chosen(tool)
    names = {job.name for job in chosen}
    rest = [
        job for job in jobs(tool, all_shapes(tool), EVERYTHING, EVERYTHING) if job.name not in names
    ]
    return [
        *(pytest.param(job, id=job.name) for job in chosen),
        *(pytest.param(job, id=job.name, marks=pytest.mark.slow) for job in rest),
    ]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.mark.parametrize("job", _parameters("audit"))
def test_the_audit_gives_a_program_the_same_verdict_in_every_shape(
    server: Server, job: Job
) -> None:
    outcome = server.run(job)
    _assert_right(outcome)
    assert outcome.books in ("balanced", "none"), f"the books do not balance: {outcome.books}"


@pytest.mark.parametrize("job", _parameters("lint"))
def test_lint_gives_a_program_the_same_verdict_in_every_shape(server: Server, job: Job) -> None:
    _assert_right(server.run(job))


def _assert_right(outcome: Outcome) -> None:
    found = "\n".join(outcome.findings) or "nothing"
    assert not outcome.error, outcome.error
    assert not outcome.missing, f"not named: {'; '.join(outcome.missing)}\nfound: {found}"
    assert not outcome.alarms, f"a correct program set off: {found}"


def test_there_are_enough_programs_of_each_kind() -> None:
    kinds = [program.kind for program in EVERYTHING]
    assert kinds.count("mistaken") >= 60
    assert kinds.count("correct") >= 45
    assert kinds.count("double") >= 15


def test_every_program_is_chosen_bare_and_in_two_other_shapes() -> None:
    for tool in ("audit", "lint"):
        names = [job.name for job in _chosen(tool)]
        assert len(names) == len(set(names)) == 3 * len(EVERYTHING)


def test_every_shape_is_chosen_for_some_program() -> None:
    shapes = {job.shape for job in _chosen("audit")}
    every = {job.shape for job in jobs("audit", all_shapes("audit"), EVERYTHING, EVERYTHING)}
    assert shapes == every
