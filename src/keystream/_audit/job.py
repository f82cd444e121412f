"""The processes of one job, judged together by their records: what each can't know by itself.

Where all processes run one program, on arrays that lie on the devices of all, they have to draw from the
same keys; and so they have to where a model is initialised. Where each works on data of its own, equal
keys give the data of all processes the same noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keystream._audit.inputs import GLOBAL
from keystream._audit.matching import matched
from keystream._audit.saved import Saved, SavedSite
from keystream._findings import Finding, Report, Severity

# Draws of an order, of which each process takes its part: equal ones are how that is done.
_ORDERS = frozenset({"permutation", "shuffle", "choice"})
_NO_DRAW = frozenset({"remat", "backward", "discarded", "clone"})


def judged_together(records: Sequence[Saved], reports: Sequence[Report]) -> Report:
    """One report of a job: what the processes found, each mistake once, and what only all show.

    Args:
        records: of the processes, in any order.
        reports: those in the records.
    """
    order = sorted(range(len(records)), key=lambda number: records[number].process)
    processes = [
        _Process(records[n].process[0] if records[n].process[1] > 1 else place, records[n])
        for place, n in enumerate(order)
    ]
    found = [
        *_between(processes),
        *_merged([(processes[p], reports[n]) for p, n in enumerate(order)]),
    ]
    ranks = {"error": 0, "warning": 1, "note": 2}
    found.sort(key=lambda each: ranks[each.severity])
    return Report(
        records[order[0]].program,
        tuple(found),
        _summary(records, reports),
        "audit",
        reports[order[0]].draws,
        reports[order[0]].timeline,
        history=reports[order[0]].history,
    )


@dataclass
class _Process:
    """A process of the job."""

    index: int
    saved: Saved

    def draws(self) -> list[int]:
        """The ids of the sites that draw."""
        return [
            number
            for number, site in enumerate(self.saved.sites)
            if site.kind == "draw" and not site.flags & _NO_DRAW
        ]

    def keys(self, site: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The keys that a site drew from, in order, and their steps."""
        rows = np.flatnonzero(self.saved.key_sites == site)
        return self.saved.keys[rows], self.saved.steps[rows]


def _summary(records: Sequence[Saved], reports: Sequence[Report]) -> dict[str, Any]:
    keys = {
        key
        for saved in records
        for key in np.unique(
            saved.keys[
                np.isin(saved.key_sites, [n for n, s in enumerate(saved.sites) if s.kind == "draw"])
            ]
        ).tolist()
    }
    unseen: dict[str, int] = {}
    for report in reports:
        for reason, count in dict(report.summary.get("unseen") or {}).items():
            unseen[reason] = unseen.get(reason, 0) + count
    expected = max(saved.process[1] for saved in records)
    parts = sorted({report.summary["part"] for report in reports if report.summary.get("part")})
    if expected > len(records):
        parts.append(f"{expected - len(records)} of {expected} processes left no record")
    return {
        "processes": len(records),
        "calls": sum(report.summary["calls"] for report in reports),
        "draws": sum(report.summary["draws"] for report in reports),
        "unique_keys": len(keys),
        "streams": sorted({each for report in reports for each in report.summary["streams"]}),
        "unseen": unseen,
    } | ({"part": "; ".join(parts)} if parts else {})


def _merged(found: Sequence[tuple[_Process, Report]]) -> Iterator[Finding]:
    """The findings of the processes, each mistake once, with how many of them made it."""
    by_mistake: dict[Any, list[tuple[int, Finding]]] = {}
    for process, report in found:
        for finding in report.findings:
            name = (
                finding.code,
                finding.locations[:1],
                finding.message if not finding.locations else "",
            )
            by_mistake.setdefault(name, []).append((process.index, finding))
    for same in by_mistake.values():
        processes = [index for index, _ in same]
        first = same[0][1]
        where = (
            f"in each of {len(found)} processes"
            if len(processes) == len(found)
            else f"in process {_listed(processes)}"
        )
        yield replace(
            first,
            message=f"{first.message} ({where})",
            count=sum(finding.count for _, finding in same),
        )


def _between(processes: Sequence[_Process]) -> Iterator[Finding]:
    """What the first process and the others together show, each place once."""
    first = processes[0]
    equal: dict[int, list[tuple[_Process, _Compared]]] = {}
    other: dict[int, list[tuple[_Process, _Compared]]] = {}
    for process in processes[1:]:
        pairs = matched(first.saved.sites, process.saved.sites, first.draws(), process.draws())
        for here, there in pairs.items():
            compared = _compare(first, here, process, there)
            if compared is None:
                continue
            if compared.must_agree:
                if compared.differs is not None:
                    other.setdefault(here, []).append((process, compared))
            elif compared.shares:
                equal.setdefault(here, []).append((process, compared))
    for site, found in other.items():
        yield _disagree(first, first.saved.sites[site], found)
    for site, found in equal.items():
        yield _share(first, first.saved.sites[site], found)


@dataclass(frozen=True)
class _Compared:
    """One place in two processes.

    Attributes:
        must_agree: whether both run one program, or initialise one model.
        differs: the first step at which their keys differ; None where they never do.
        shares: whether they drew from the same keys where each should have its own.
        proven: whether they were seen to work on different data.
        steps: the first and last step at which they drew from the same keys.
        count: at how many draws.
    """

    must_agree: bool
    differs: int | None
    shares: bool
    proven: bool
    steps: tuple[int, int]
    count: int


def _compare(one: _Process, here: int, other: _Process, there: int) -> _Compared | None:
    mine, theirs = one.saved.sites[here], other.saved.sites[there]
    (keys, steps), (keys_there, _) = one.keys(here), other.keys(there)
    count = min(len(keys), len(keys_there))  # a process may have been stopped before the other
    if not count:
        return None
    same = keys[:count] == keys_there[:count]
    differing, equal = np.flatnonzero(~same), np.flatnonzero(same)
    must_agree = "initialising" in mine.flags or GLOBAL in (mine.inputs, theirs.inputs)
    proven = bool(mine.inputs and theirs.inputs and mine.inputs != theirs.inputs)
    # A draw for no data in sight: fresh numbers in each step, the same in both processes. One that is
    # made once, such as initial values, is likely meant to be equal.
    fresh = len(np.unique(keys[:count])) > 1 and mine.distribution not in _ORDERS
    return _Compared(
        must_agree,
        int(steps[differing[0]]) if len(differing) else None,
        len(equal) > len(differing) and (proven or fresh),
        proven,
        (int(steps[equal[0]]), int(steps[equal[-1]])) if len(equal) else (0, 0),
        len(equal),
    )


def _share(
    first: _Process, site: SavedSite, found: Sequence[tuple[_Process, _Compared]]
) -> Finding:
    proven = any(compared.proven for _, compared in found)
    processes = _listed([first.index, *(process.index for process, _ in found)])
    severity: Severity = "error" if proven else "warning"
    data = "for different data" if proven else "in each step"
    return Finding(
        "KS301",
        severity,
        f"{site.distribution or 'a draw'} drew from the same keys in processes {processes} {data}",
        "the rows that these processes hold get the same noise, so the batch varies less than it seems",
        "give each process keys of its own, along the axis of the processes:\n"
        "key = jax.random.fold_in(key, jax.process_index())",
        tuple(place.location() for place in site.stack),
        module_path=site.module_path,
        stream=site.stream,
        steps=found[0][1].steps,
        count=sum(compared.count for _, compared in found),
    )


def _disagree(
    first: _Process, site: SavedSite, found: Sequence[tuple[_Process, _Compared]]
) -> Finding:
    processes = _listed([process.index for process, _ in found])
    step = min(compared.differs for _, compared in found if compared.differs is not None)
    what = "the initial values" if "initialising" in site.flags else "one program on all devices"
    return Finding(
        "KS302",
        "error",
        f"{site.distribution or 'a draw'} drew from other keys in process {processes} than in process "
        f"{first.index}, from step {step} on, for {what}",
        "the processes compute different things where one result is expected, in silence",
        "make the key of one seed and the step alone, the same in every process:\n"
        "key = jax.random.fold_in(jax.random.key(seed), step)",
        tuple(place.location() for place in site.stack),
        module_path=site.module_path,
        stream=site.stream,
        steps=(step, step),
        count=len(found),
    )


def _listed(numbers: Sequence[int]) -> str:
    shown = [str(number) for number in sorted(set(numbers))]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
