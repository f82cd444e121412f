"""Findings as text: the same lines on a terminal, in colour, and in a pipe, where tools read them."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator
from typing import TextIO

from keystream._address import page_of
from keystream._findings import Finding, Location, Report
from keystream._judge.accounts import told
from keystream._report.excerpt import excerpt

WIDTH = 80  # columns of a pipe
NARROWEST = 24  # columns that a terminal is taken to have at least
_WAY = 3  # callers shown; JSON has them all
_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}

Line = tuple[str, str]  # text and rich's style


def render(report: Report) -> str:
    """The report as plain text of 80 columns, where words and paths allow.

    The first line of a finding stays one line, whatever its length: tools read it.
    """
    return "".join(f"{text}\n" for text, _ in lines(report, WIDTH))


def of_finding(finding: Finding) -> str:
    """One finding as plain text."""
    return "".join(f"{visible(line)}\n" for line, _ in _finding(finding, WIDTH))


def closing(report: Report) -> str:
    """The closing line of a report."""
    shown = [finding for finding in report.findings if finding.suppressed is None]
    return _verdict(report, shown, with_books=False)[0]


def write(report: Report, stream: TextIO) -> None:
    """Write the report to a stream: with colour and the whole width where it is a terminal."""
    if not stream.isatty():
        stream.write(render(report))
        return
    from rich.console import Console  # noqa: PLC0415  # only a terminal needs it
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=stream, highlight=False)
    said = os.environ.get("COLUMNS", "")  # which rich passes over on a plain terminal
    width = max(int(said) if said.isdigit() else console.width, NARROWEST)
    for text, style in lines(report, width):
        wrapped = _wrapped(text, width) if style else [text]
        for line in wrapped:
            console.print(Text(line, style=style), soft_wrap=True)


def _wrapped(text: str, width: int) -> list[str]:
    """A line of words on a terminal of some width, where no word is broken that fits."""
    return textwrap.wrap(
        text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    ) or [""]


def lines(report: Report, width: int) -> Iterator[Line]:
    """The lines of the report with their styles: notes last, suppressed findings counted only."""
    shown = [finding for finding in report.findings if finding.suppressed is None]
    for finding in shown:
        yield from ((visible(text), style) for text, style in _finding(finding, width))
        yield "", ""
    yield from _excused(report)
    yield from _closing(report, shown, width)


def visible(text: str) -> str:
    """A text with its control characters as escapes: source must not command a terminal."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each == "\t" else each.encode("unicode_escape").decode()
        for each in text
    )


def _finding(finding: Finding, width: int) -> Iterator[Line]:
    style = _STYLES[finding.severity]
    place = finding.locations[0] if finding.locations else None
    start = f"{place.said}: " if place else ""
    yield f"{start}{finding.severity} {finding.code} {finding.message}", style
    if place is not None:
        yield from ((line, "") for line in excerpt(place))
    said = about(finding)
    if said:
        yield from _field("where", said, width)
    for other in others(finding):
        yield from _field("also", f"{other.said}: {other.message or _function(other)}", width)
    for steps in dict.fromkeys(finding.lineage):
        yield from _field("key", " → ".join(steps), width)
    yield from _field("why", finding.why, width)
    yield from _field("fix", finding.fix, width)
    if finding.repair:
        yield from _field("repair", finding.repair, width)
    address = page_of(finding.code)
    linked = f"dim link {address}" if address else "dim"
    yield f"  {finding.code} {finding.name} (keystream rule {finding.code})", linked


def _excused(report: Report) -> Iterator[Line]:
    for row in report.excused if report.shows_excused else ():
        first = f"{row['first_path']}:{row['first_line']}"
        what = "use" if report.check == "lint" else "draw"
        yield (
            f"{row['path']}:{row['line']}: excused {_count(row['draws'], what)} of a key used before, "
            f"at {first}: {row['reason']}",
            "dim",
        )


def others(finding: Finding) -> tuple[Location, ...]:
    """The places to show beside the first: those with something to say, then the way there."""
    told = {(place.path, place.line) for place in (*finding.locations[:1], *finding.related)}
    way = [place for place in finding.locations[1:] if (place.path, place.line) not in told]
    return (*finding.related, *way[:_WAY])


def _function(place: Location) -> str:
    return f"in {place.function}" if place.function else "on the way there"


def about(finding: Finding) -> str:
    """Module path, stream, steps and count of a finding, as far as they are known."""
    parts = [finding.module_path, finding.stream and f"stream {finding.stream}"]
    if finding.steps is not None:
        first, last = finding.steps
        parts.append(f"step {first}" if first == last else f"steps {first} to {last}")
    if finding.count > 1:
        parts.append(f"{finding.count} times")
    return " · ".join(part for part in parts if part)


def _field(label: str, text: str, width: int) -> Iterator[Line]:
    """A labelled field; its further lines are code to paste, and stay as they are."""
    first, *code = text.split("\n")
    wrapped = textwrap.wrap(
        first,
        width,
        initial_indent=f"  {label + ':':<6} ",
        subsequent_indent=" " * 9,
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield from ((line, "") for line in wrapped)
    yield from ((f"         {line}", "") for line in code)


def _closing(report: Report, shown: list[Finding], width: int) -> Iterator[Line]:
    books = told(report.summary["accounts"]) if "accounts" in report.summary else ""
    for text, style in (_verdict(report, shown, bool(books)), (books, "")):
        wrapped = textwrap.wrap(text, width, subsequent_indent="  ", break_on_hyphens=False)
        yield from ((line, style) for line in wrapped)


def _verdict(report: Report, shown: list[Finding], with_books: bool) -> Line:
    counts = {severity: sum(each.severity == severity for each in shown) for severity in _STYLES}
    said = [_count(count, severity) for severity, count in counts.items() if count]
    hidden = len(report.findings) - len(shown)
    if hidden:
        said.append(f"{hidden} suppressed")
    unjudged = report.summary.get("unjudged", "")
    found = ", ".join(said) or (f"nothing was judged: {unjudged}" if unjudged else "nothing found")
    summary = "; ".join(_summarised(report, with_books))
    fine = "bold yellow" if unjudged else "bold green"
    grave = next((_STYLES[severity] for severity, count in counts.items() if count), fine)
    return f"keystream {report.check}: {found}" + (f" ({summary})" if summary else ""), grave


def _summarised(report: Report, with_books: bool) -> Iterator[str]:
    summary = report.summary
    keys = {} if with_books else {"draws": "draw", "unique_keys": "distinct key"}
    if "process" in summary:
        yield "process {} of {}".format(*summary["process"])
    for name, singular in {
        "processes": "process",
        "cells": "cell",
        "files": "file",
        "lines": "line",
        "calls": "compiled call",
        **keys,
    }.items():
        if name in summary and (summary[name] or "unjudged" not in summary):
            yield _count(summary[name], singular)
    if summary.get("part"):
        yield summary["part"]
    if summary.get("streams"):
        yield f"streams {', '.join(summary['streams'])}"
    for reason, count in dict(summary.get("unseen") or {}).items():
        yield f"not seen: {reason} ({count})"


def _count(count: int, name: str) -> str:
    plural = "es" if name.endswith("s") else "s"
    return f"{count:,} {name}{plural * (count != 1)}"
