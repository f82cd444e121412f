"""What the page of a report shows, as data: reports, rules, sources, and a comparison of two runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from keystream import _rules
from keystream._address import page_of
from keystream._codes import CODES
from keystream._findings import Location, Report
from keystream._judge.accounts import told
from keystream._report import text
from keystream._report.document import as_document
from keystream._report.excerpt import lines_of

WHOLE = (
    1_000_000  # characters of source that the page holds whole; of further files it has excerpts
)
_AROUND = 4  # lines before and after a marked one in an excerpt


def of_reports(
    reports: Sequence[Report], names: Sequence[str], comparison: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The data of a page.

    Args:
        reports: of one run, or of two.
        names: of their records.
        comparison: of two runs.
    """
    codes = sorted({finding.code for report in reports for finding in report.findings})
    return {
        "runs": [_run(report, name) for report, name in zip(reports, names, strict=True)],
        "rules": {code: _rule(code) for code in codes},
        "sources": _sources([place for report in reports for place in _places(report)]),
        "comparison": comparison,
    }


def _run(report: Report, name: str) -> dict[str, Any]:
    accounts = report.summary.get("accounts")
    return {
        "name": name,
        "verdict": text.closing(report),
        "books": told(accounts).replace("findings above", "findings below") if accounts else "",
        "document": as_document(report),
        "history": dict(report.history),
    }


def _rule(code: str) -> dict[str, str]:
    return {"name": CODES[code], "page": as_html(_rules.text(code)), "address": page_of(code)}


def as_html(markdown: str) -> str:
    """Markdown as HTML, with its headings below those of a finding; HTML in it stays text."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  # comes with rich

    tokens = (parser := MarkdownIt("commonmark", {"html": False})).parse(markdown)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h4"
    return str(parser.renderer.render(tokens, parser.options, {}))


def _places(report: Report) -> Iterator[Location]:
    """The places whose source is shown, those of findings first."""
    for finding in report.findings:
        yield from finding.locations
        yield from finding.related
    drawn = report.history.get("places", {})
    for path, line in zip(drawn.get("path", ()), drawn.get("line", ()), strict=True):
        yield Location(path, line)


def _sources(places: Iterable[Location]) -> dict[str, list[tuple[int, str]]]:
    """By file, or file and cell, pieces of source: the number of the first line, and the lines."""
    marked: dict[str, tuple[Location, set[int]]] = {}
    for place in places:
        if place.path:
            name = f"{place.path}#{place.cell}" if place.cell else place.path
            marked.setdefault(name, (place, set()))[1].add(place.line)
    sources: dict[str, list[tuple[int, str]]] = {}
    left = WHOLE
    for name, (place, numbers) in marked.items():
        lines = lines_of(place)
        size = sum(map(len, lines))
        pieces = [(1, len(lines))] if size <= left else list(_pieces(numbers, len(lines)))
        left -= size if size <= left else 0
        sources[name] = [(low, "\n".join(lines[low - 1 : high])) for low, high in pieces if lines]
    return sources


def _pieces(numbers: Iterable[int], count: int) -> Iterator[tuple[int, int]]:
    """The lines around marked ones, as first and last ones of pieces that do not meet."""
    low = high = 0
    for number in sorted(numbers):
        if not 0 < number <= count:
            continue
        first, last = max(1, number - _AROUND), min(count, number + _AROUND)
        if high and first <= high + 1:
            high = last
            continue
        if high:
            yield low, high
        low, high = first, last
    if high:
        yield low, high
