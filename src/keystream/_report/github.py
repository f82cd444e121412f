"""Findings as workflow commands: GitHub shows them beside the lines of a pull request."""

from __future__ import annotations

from keystream._findings import Finding, Report

_COMMAND = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report) -> str:
    """One command a finding that nothing suppresses.

    Source:
        GitHub Docs, "Workflow commands for GitHub Actions", setting an error message.
    """
    shown = [finding for finding in report.findings if finding.suppressed is None]
    return "".join(f"{_command(finding)}\n" for finding in shown)


def _command(finding: Finding) -> str:
    properties = {"title": f"{finding.code} {finding.name}"}
    if finding.locations:
        place = finding.locations[0]
        if place.cell:  # lines are those of the cell, and GitHub counts those of the file
            properties = {"file": place.path} | properties
        else:
            properties = {"file": place.path, "line": str(place.line)} | properties
            if place.column:
                properties["col"] = str(place.column)
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    start = f"{finding.locations[0].said}: " if _in_cell(finding) else ""
    text = f"{start}{finding.message}\nwhy: {finding.why}\nfix: {finding.fix}"
    return f"::{_COMMAND[finding.severity]} {listed}::{_data(text)}"


def _in_cell(finding: Finding) -> bool:
    return bool(finding.locations and finding.locations[0].cell)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
