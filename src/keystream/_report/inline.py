"""Findings and reports as they stand below a cell of a notebook: HTML without a page, and text.

The HTML takes the notebook's own colours, light or dark, and loads nothing. What a finding has to say
is on the screen; lines around it and the key's way unfold.
"""

from __future__ import annotations

import html

from keystream._address import page_of
from keystream._findings import Finding, Location, Report
from keystream._report import text
from keystream._report.excerpt import excerpt

_SHOWN = 50  # findings that are laid out; a notebook with hundreds of them would not be read
# Half-transparent colours that can be told apart on white and on black.
_COLOURS = {"error": "#e5484d", "warning": "#e2a336", "note": "#3e93d6"}
_CODE = (
    "margin:.4em 0;padding:.4em .6em;overflow-x:auto;background:rgba(128,128,128,.14);"
    "color:inherit;border-radius:4px;font-size:.92em;line-height:1.45"
)
_SOFT = "opacity:.72"


def bundle(what: Finding | Report) -> dict[str, str]:
    """What IPython's display protocol asks for: the same as text and as HTML."""
    if isinstance(what, Finding):
        return {"text/plain": text.of_finding(what).rstrip("\n"), "text/html": of_finding(what)}
    return {"text/plain": text.render(what).rstrip("\n"), "text/html": of_report(what)}


def of_report(report: Report) -> str:
    """A report: its verdict, then its findings."""
    shown = [finding for finding in report.findings if finding.suppressed is None]
    grave = next((each for each in _COLOURS if any(f.severity == each for f in shown)), "")
    head = _framed(_COLOURS.get(grave, "#30a46c"), f"<b>{_escaped(text.closing(report))}</b>")
    more = len(shown) - _SHOWN
    rest = f'<p style="{_SOFT}">and {more:,} more findings</p>' if more > 0 else ""
    return f'<div class="keystream">{head}{"".join(map(of_finding, shown[:_SHOWN]))}{rest}</div>'


def of_finding(finding: Finding) -> str:
    """A finding: place, message, source, why and fix."""
    place = finding.locations[0] if finding.locations else None
    where = f"<code>{_escaped(place.said)}</code> " if place is not None else ""
    about = text.about(finding)
    first, *code = finding.fix.split("\n")
    parts = [
        f"<div>{where}<b>{finding.severity} {finding.code}</b> {_escaped(finding.message)}</div>",
        _source(place) if place is not None else "",
        f'<div style="{_SOFT}">{_escaped(about)}</div>' if about else "",
        f"<div><b>Why:</b> {_escaped(finding.why)}</div>",
        f"<div><b>Fix:</b> {_escaped(first)}</div>",
        _block(_escaped("\n".join(code))) if code else "",
        _unfolding(finding),
    ]
    return _framed(_COLOURS[finding.severity], "".join(parts))


def _unfolding(finding: Finding) -> str:
    """The other places and the key's way, folded."""
    rows = [
        f"<div><code>{_escaped(other.said)}</code> {_escaped(other.message or other.function)}"
        f"{_source(other)}</div>"
        for other in text.others(finding)
    ]
    rows += [
        f"<div><b>Key:</b> {_escaped(' → '.join(steps))}</div>"
        for steps in dict.fromkeys(finding.lineage)
    ]
    named = f"{finding.code} {finding.name}"
    if address := page_of(finding.code):
        named = f'<a href="{address}">{named}</a>'
    rows.append(f'<div style="{_SOFT}">{named}: <code>keystream rule {finding.code}</code></div>')
    name = "other lines, and the way of the key" if len(rows) > 1 else "the rule"
    return f'<details><summary style="cursor:pointer">{name}</summary>{"".join(rows)}</details>'


def _source(place: Location) -> str:
    lines = excerpt(place)
    return _block(
        "\n".join(
            f"<b>{_escaped(line)}</b>" if line.lstrip().startswith(">") else _escaped(line)
            for line in lines
        )
    ) if lines else ""  # fmt: skip


def _block(content: str) -> str:
    return f'<pre style="{_CODE}">{content}</pre>'


def _framed(colour: str, content: str) -> str:
    style = f"border-left:4px solid {colour};padding:.3em .8em;margin:.6em 0;color:inherit"
    return f'<div style="{style}">{content}</div>'


def _escaped(words: str) -> str:
    return html.escape("\n".join(map(text.visible, words.split("\n"))))
