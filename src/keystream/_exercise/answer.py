"""The answer to a learner's function as a notebook shows it, and as text."""

from __future__ import annotations

import html
import io
from dataclasses import dataclass, field

from rich.console import Console

from keystream._address import section_of
from keystream._exercise import render
from keystream._exercise.diagnosis import Finding
from keystream._exercise.flow import Flow
from keystream._exercise.leads import RIGHT, Lead
from keystream._exercise.picture import svg_of_flow, words_of_flow
from keystream._exercise.report import Report
from keystream._exercise.task import HINTS

_GREEN, _RED = "#2f9e6b", "#e5484d"
_CODE = (
    "margin:.4em 0;padding:.4em .6em;overflow-x:auto;background:rgba(128,128,128,.14);"
    "color:inherit;border-radius:4px;font-size:.92em;line-height:1.45"
)
_SUMMARY = '<summary style="cursor:pointer">'


@dataclass(frozen=True, repr=False)
class Answer:
    """What became of a function: whether it is right, and a picture of what it did.

    As the last line of a cell it shows the picture; ``print`` shows the same as text.

    Attributes:
        passed: whether the function is right.
        mistakes: the short names of its mistakes, such as ``single-key-init``; empty if it is right.
    """

    passed: bool
    mistakes: tuple[str, ...]
    _report: Report = field(compare=False)
    _flow: Flow = field(compare=False)
    _random_seed: int = field(compare=False)

    def __repr__(self) -> str:
        # Rich would show each line by itself in a notebook, if it were asked to find out where it is.
        console = Console(
            file=io.StringIO(), width=80, highlight=False, color_system=None, force_jupyter=False
        )
        render.print_report(self._report, console, random_seed=self._random_seed)
        assert isinstance(console.file, io.StringIO)
        lines = [*words_of_flow(self._flow), "", *console.file.getvalue().splitlines()]
        return "\n".join(line.rstrip() for line in lines)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": _page(self._report, self._flow)}


def _page(report: Report, flow: Flow) -> str:
    parts = [
        f'<div style="color:{_colour(report)};font-weight:600;margin-bottom:.4em">'
        f"{html.escape(render.verdict(report).replace('; see above', ''))}</div>"
    ]
    first, *others = report.findings or (None,)
    if first is not None:
        parts.append(_told(first))
    parts += [f"<div>{svg_of_flow(flow)}</div>"]
    if first is not None:
        parts.append(_helped(first))
    for finding in others:
        assert finding is not None
        parts += [_told(finding), _helped(finding)]
    if report.printed.strip():
        parts.append(_folded("what your function printed", _block(render.last_lines(report))))
    parts.append(_cases(report))
    if report.passed:
        parts.append(_leading(RIGHT))
    style = (
        f"border-left:4px solid {_colour(report)};padding:.3em .8em;margin:.6em 0;color:inherit;"
        "max-width:760px"
    )
    return f'<div class="keystream" style="{style}">{"".join(parts)}</div>'


def _colour(report: Report) -> str:
    return _GREEN if report.passed else _RED


def _told(finding: Finding) -> str:
    """The mistake and why it is one."""
    return (
        f"<div><b>{_escaped(finding.what)}</b></div>"
        f"<div>{_escaped(finding.why)}</div>"
        f'<div style="opacity:.72;margin-bottom:.4em">{_escaped(finding.where)}</div>'
    )


def _helped(finding: Finding) -> str:
    """Help that unfolds: a hint first, then the code; and where to go on."""
    words, *code = finding.fix.split("\n")
    repair = f"<div>{_escaped(words)}</div>" + (_block("\n".join(code)) if code else "")
    number = finding.lead.hint
    hint = _folded(f"hint {number}", _block(HINTS[number - 1])) if number else ""
    return f"{hint}{_folded('how to repair it', repair)}{_leading(finding.lead)}"


def _leading(lead: Lead) -> str:
    page = _escaped(section_of(lead.page))
    if page.startswith("http"):
        page = f'<a href="{page}">{page}</a>'
    return (
        f'<div style="margin:.3em 0 .8em"><b>Read:</b> <code>{page}</code> ·'
        f" <b>Next:</b> <code>{_escaped(lead.command)}</code></div>"
    )


def _cases(report: Report) -> str:
    lines = [f"{name:<26}{word:<16}{came}".rstrip() for name, word, came in render.rows(report)]
    return _folded("all cases", _block("\n".join(lines)))


def _folded(summary: str, content: str) -> str:
    return f"<details>{_SUMMARY}{_escaped(summary)}</summary>{content}</details>"


def _block(content: str) -> str:
    return f'<pre style="{_CODE}">{_escaped(content)}</pre>'


def _escaped(words: str) -> str:
    return html.escape(render.without_controls(words))
