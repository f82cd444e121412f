"""What is named in one shape is named in every shape, and correct programs stay quiet in all.

Each program runs bare, and every second in one other shape, chosen by its place in the list. The full
cross takes an hour: `python tests/metamorphic/measure.py`.
"""

from __future__ import annotations

import pytest
from harness import Job, Outcome, Server, all_shapes, jobs, programs

EVERYTHING = programs()
GROUPS = 6  # of programs, so that workers share them

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def _chosen(tool: str, group: int) -> list[Job]:
    """Of each program of a group the bare form, and of every second one shape rotated by its place."""
    chosen: list[Job] = []
    for index, program in list(enumerate(EVERYTHING))[group::GROUPS]:
        bare, *others = jobs(tool, all_shapes(tool), [program], EVERYTHING)
        chosen.append(bare)
        if index // GROUPS % 2 == 0:
            chosen.append(others[index % len(others)])
    return chosen


def _outcomes(tool: str, group: int) -> list[Outcome]:
    with Server() as server:
        return [server.run(job) for job in _chosen(tool, group)]


def _told(outcomes: list[Outcome]) -> tuple[int, list[str], list[str]]:
    """How many mistakes were named, which were not, and what correct programs set off."""
    named = sum(each.named for each in outcomes)
    missing = [f"{each.shape}: {mistake}" for each in outcomes for mistake in each.missing]
    alarms = [f"{each.shape} {each.program}: {alarm}" for each in outcomes for alarm in each.alarms]
    return named, missing, alarms


@pytest.mark.parametrize("group", range(GROUPS))
def test_the_audit_names_mistakes_in_every_shape_and_its_books_balance(group: int) -> None:
    outcomes = _outcomes("audit", group)
    named, missing, alarms = _told(outcomes)
    assert alarms == []
    assert [each.program for each in outcomes if each.books not in ("balanced", "none")] == []
    assert named >= 0.97 * (named + len(missing)), missing


@pytest.mark.parametrize("group", range(GROUPS))
def test_lint_names_mistakes_in_every_shape(group: int) -> None:
    named, missing, alarms = _told(_outcomes("lint", group))
    assert alarms == []
    assert named >= 0.8 * (named + len(missing)), missing
