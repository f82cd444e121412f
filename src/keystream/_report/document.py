"""The report as JSON: one object, stable, that other programs read; and read back."""

from __future__ import annotations

import json
from typing import Any

from keystream._findings import SCHEMA, Finding, Location, Report, as_json
from keystream._version import __version__
from keystream.errors import RestoredStateMismatchError


def render(report: Report) -> str:
    """The report as JSON text."""
    return json.dumps(as_document(report), indent=2, ensure_ascii=False, default=str) + "\n"


def as_document(report: Report) -> dict[str, Any]:
    """The report as what JSON can hold."""
    return {
        "version": SCHEMA,
        "tool": {"name": f"keystream {report.check}", "version": __version__},
        "program": report.program,
        "findings": [as_json(finding) for finding in report.findings],
        "summary": dict(report.summary),
        "draws": [dict(row) for row in report.draws],
        "timeline": [dict(row) for row in report.timeline],
        "excused": [dict(row) for row in report.excused],
    }


def as_saved(report: Report) -> dict[str, Any]:
    """The same with the history, from which the page is drawn, as a record keeps it."""
    return {**as_document(report), "history": dict(report.history)}


def read(text: str) -> Report:
    """The report that `render` wrote.

    Raises:
        RestoredStateMismatchError: KS005, the text is no report of this version.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise _unreadable(error) from error
    return from_document(document)


def from_document(document: Any) -> Report:
    """The report that `as_document` made.

    Raises:
        RestoredStateMismatchError: KS005, it is no report of this version.
    """
    try:
        if document["version"] != SCHEMA:
            raise ValueError(f"version {document['version']!r} is not {SCHEMA}")
        return Report(
            program=document["program"],
            findings=tuple(_finding(fields) for fields in document["findings"]),
            summary=document["summary"],
            check=document["tool"]["name"].removeprefix("keystream "),
            draws=tuple(document["draws"]),
            timeline=tuple(document["timeline"]),
            excused=tuple(document.get("excused", ())),
            history=document.get("history", {}),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> RestoredStateMismatchError:
    return RestoredStateMismatchError(
        f"a report can't be read: {error}",
        where="keystream report",
        why="its fields would be misread",
        fix="write it again with this version: keystream audit --format json script.py",
    )


def _finding(fields: dict[str, Any]) -> Finding:
    known = {name: value for name, value in fields.items() if name != "name"}
    reason = known.pop("suppressed_reason")
    known["suppressed"] = reason if known["suppressed"] else None
    for places in ("locations", "related"):
        known[places] = tuple(Location(**place) for place in known[places])
    known["steps"] = known["steps"] and tuple(known["steps"])
    known["lineage"] = tuple(tuple(steps) for steps in known["lineage"])
    return Finding(**known)
