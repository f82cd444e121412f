"""Findings as SARIF 2.1.0, which code hosts and editors read."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from keystream import _address, _rules
from keystream._findings import Finding, Location, Report
from keystream._version import __version__


def render(report: Report) -> str:
    """The report as SARIF.

    Source:
        OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", section 3.
    """
    names = sorted({(finding.code, finding.name) for finding in report.findings})
    driver: dict[str, Any] = {
        "name": "keystream",
        "semanticVersion": __version__,
        "rules": [_rule(code, name) for code, name in names],
    }
    if _address.DOCUMENTATION:
        driver["informationUri"] = _address.DOCUMENTATION
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding) for finding in report.findings],
    }
    return json.dumps({"version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str, name: str) -> dict[str, Any]:
    """A rule with its page in it, so that a code host shows it beside the result."""
    page = _rules.text(code)
    summary = " ".join(page.partition("\n\n")[0].split())
    rule: dict[str, Any] = {
        "id": code,
        "name": name,
        "shortDescription": {"text": summary},
        "help": {"text": page, "markdown": page},
    }
    if address := _address.page_of(code):
        rule["helpUri"] = address
    return rule


def _result(finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": finding.severity,
        "message": {"text": f"{finding.message}\nwhy: {finding.why}\nfix: {finding.fix}"},
        "locations": [_location(place) for place in finding.locations[:1]],
        "relatedLocations": [
            _location(place, index)
            for index, place in enumerate((*finding.locations[1:], *finding.related))
        ],
        "occurrenceCount": finding.count,
    }
    if finding.suppressed is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.suppressed}]
    return result


def _location(place: Location, index: int | None = None) -> dict[str, Any]:
    physical: dict[str, Any] = {
        "artifactLocation": {"uri": quote(place.path.replace("\\", "/"), safe="/:")}
    }
    if place.line and not place.cell:  # a cell's lines are not those of the notebook's file
        region = {"startLine": place.line} | ({"startColumn": place.column} if place.column else {})
        physical["region"] = region
    location: dict[str, Any] = {"physicalLocation": physical}
    if place.function:
        location["logicalLocations"] = [{"fullyQualifiedName": place.function}]
    if index is not None:
        location["id"] = index
    words = [place.said] if place.cell else []
    if index is not None:
        words.append(place.message or "on the way there")
    if words:
        location["message"] = {"text": ": ".join(words)}
    return location
