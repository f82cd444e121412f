"""Runs the rules over a recording and puts their findings in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from keystream._audit.evidence import Verdict, judged
from keystream._audit.history import history
from keystream._audit.judged import said, shown
from keystream._audit.recording import Recording
from keystream._audit.timeline import timeline
from keystream._findings import Finding, Report
from keystream._judge.words import lowered
from keystream._source import ignoring

Rule = Callable[[Recording], Iterator[Finding]]

_ORDER = {"error": 0, "warning": 1, "note": 2}


def judge(recording: Recording, rules: Iterable[Rule], verdict: Verdict) -> Report:
    """The report of a recording: what every rule found, and what was drawn over the steps.

    Args:
        recording: the run.
        rules: put what they find into words.
        verdict: the code and severity of two uses of one key.
    """
    ordered = findings_of(recording, rules, verdict)
    over_steps = tuple(timeline(recording))
    return Report(
        recording.program,
        ordered,
        _summary(recording),
        "audit",
        tuple(_draws(recording)),
        over_steps,
        tuple(_excused(recording)),
        history=history(recording, over_steps, ordered),
    )


def findings_of(
    recording: Recording, rules: Iterable[Rule], verdict: Verdict
) -> tuple[Finding, ...]:
    """What every rule found in a recording, the gravest first; the arguments are those of `judge`."""
    recording.evidence["verdicts"] = judged(recording, verdict)
    findings: list[Finding] = []
    for recorded in rules:
        try:
            findings += recorded(recording)
        except Exception as error:  # what the other rules found is not lost
            reason = f"{recorded.__module__} failed: {said(error)}"
            recording.unseen[reason] = recording.unseen.get(reason, 0) + 1
    return in_order(_suppressed([lowered(each) for each in findings]))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings as they shall be read: the gravest first, then by code and place."""
    return tuple(sorted(findings, key=lambda each: (_ORDER[each.severity], each.code, _line(each))))


def _suppressed(findings: list[Finding]) -> Iterator[Finding]:
    """The findings, those marked that a comment on their first line ignores.

    A comment that ignores nothing here may ignore what lint alone sees: lint reports those.
    """
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(_line(finding)[0], []).append(finding)
    for path, found in by_path.items():
        try:
            text = Path(path).read_text(encoding="utf-8") if path else ""
        except (OSError, UnicodeDecodeError):
            text = ""
        yield from ignoring.apply(found, text, path)[: len(found)]


def _line(finding: Finding) -> tuple[str, int]:
    place = finding.locations[0] if finding.locations else None
    return (place.path, place.line) if place is not None else ("", 0)


def _excused(recording: Recording) -> Iterator[dict[str, Any]]:
    """One row for each reason and place for which draws from one key are no mistake."""
    excused_pairs = [
        each
        for judged_of in ("repeats", "generators")
        if judged_of in recording.evidence
        for each in recording.evidence[judged_of].excused.items()
    ]
    for excused, (pair, count) in excused_pairs:
        place, first = excused.place or pair.second.at.place, pair.first.at.place
        if count and place is not None:
            yield {
                "reason": excused.why.value,
                "path": shown(place).path,
                "line": place.line,
                "first_path": shown(first).path if first is not None else "",
                "first_line": first.line if first is not None else 0,
                "draws": count,
            }


def _summary(recording: Recording) -> dict[str, Any]:
    accounts = recording.evidence["repeats"].accounts.as_json()
    generators = recording.evidence.get("generators")
    of_host = {"generators": generators.accounts.as_json()} if generators is not None else {}
    return {
        "calls": recording.calls,
        "draws": accounts["draws"],
        "unique_keys": accounts["distinct"],
        "streams": sorted({site.stream for site in recording.sites if site.stream}),
        "unseen": dict(recording.unseen),
        "accounts": accounts,
        **of_host,
    }


def _draws(recording: Recording) -> list[dict[str, Any]]:
    """One row a place that drew, for the table of draws."""
    rows: dict[Any, dict[str, Any]] = {}
    for site, count in zip(recording.sites, recording.uses, strict=True):
        if site.kind != "draw" or not count or site.place is None:
            continue
        place = shown(site.place)
        name = (site.module_path, place.path, place.line, site.distribution, site.shape)
        row = rows.setdefault(
            name,
            {
                "module_path": site.module_path,
                "path": place.path,
                "line": place.line,
                "distribution": site.distribution,
                "shape": list(site.shape),
                "dtype": site.dtype,
                "stream": site.stream,
                "draws": 0,
            },
        )
        row["draws"] += int(count)
    return list(rows.values())
