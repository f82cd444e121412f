"""The report as one HTML page that needs no server and loads nothing: pictures first, then findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keystream._extras import require
from keystream._findings import Finding, Location, Report
from keystream._report.excerpt import excerpt
from keystream._version import __version__

_AROUND = 3  # lines of source before and after


def render(report: Report) -> str:
    """The page.

    Raises:
        MissingExtraError: KS007, Jinja2 is not installed.
    """
    require("jinja2", purpose="the HTML report")
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("keystream._report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = [finding for finding in report.findings if finding.suppressed is None]
    page = environment.get_template("report.html.jinja").render(
        report=report,
        version=__version__,
        findings=[Card.of(finding) for finding in shown],
        suppressed=[finding for finding in report.findings if finding.suppressed is not None],
        counts={
            severity: sum(each.severity == severity for each in shown)
            for severity in ("error", "warning", "note")
        },
        strips=[strip(row) for row in report.timeline],
    )
    return page + "\n"


@dataclass(frozen=True)
class Card:
    """A finding as the page shows it.

    Attributes:
        finding: itself.
        excerpts: of its place and of each related one: the place and its lines (number, text, marked).
        lineages: those that differ.
        shared: how many steps the lineages have in common from their start.
    """

    finding: Finding
    excerpts: tuple[tuple[Location, tuple[tuple[str, str, bool], ...]], ...]
    lineages: tuple[tuple[str, ...], ...]
    shared: int

    @classmethod
    def of(cls, finding: Finding) -> Card:
        """The card of a finding."""
        places = (*finding.locations[:1], *finding.related)
        lineages = tuple(dict.fromkeys(finding.lineage))
        excerpts = tuple((place, _lines(place)) for place in places)
        return cls(finding, excerpts, lineages, _shared(lineages))


def _lines(place: Location) -> tuple[tuple[str, str, bool], ...]:
    rows: list[tuple[str, str, bool]] = []
    for line in excerpt(place, _AROUND):
        head, _, text = line.partition(" | ") if " | " in line else line.partition(" |")
        rows.append((head.replace(">", "").strip(), text, ">" in head))
    return tuple(rows)


def _shared(lineage: tuple[tuple[str, ...], ...]) -> int:
    if len(lineage) < 2:
        return 0
    shared = 0
    for steps in zip(*lineage, strict=False):
        if len(set(steps)) > 1:
            break
        shared += 1
    return shared


def strip(row: Mapping[str, Any]) -> dict[str, Any]:
    """A stream's row of the picture: a cell a bin, with how dark it is and what a pointer is told."""
    draws, repeated = row["draws"], row["repeated"]
    most, bins = max(draws, default=0) or 1, len(draws)
    first, last = row["first"], row["last"]
    cells: list[dict[str, Any]] = []
    for number, (drawn, again) in enumerate(zip(draws, repeated, strict=True)):
        if not drawn:
            continue
        low = first + (last + 1 - first) * number // bins
        high = max(low, first + (last + 1 - first) * (number + 1) // bins - 1)
        steps = f"step {low}" if low == high else f"steps {low} to {high}"
        told = f"{steps}: {drawn} draw{'s' * (drawn != 1)}"
        cells.append({
            "x": round(1000 * number / bins, 2),
            "width": round(max(1000 / bins - (0.8 if bins > 1 else 0), 0.5), 2),
            "opacity": round(0.35 + 0.65 * drawn / most, 2),
            "again": bool(again),
            "told": told + (f", {again} from a key drawn from before" if again else ""),
        })  # fmt: skip
    return {
        "stream": row["stream"] or "(no name)",
        "cells": cells,
        "draws": sum(draws),
        "repeated": sum(repeated),
        "first": first,
        "last": last,
    }
