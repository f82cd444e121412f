"""What an editor shows of a rule: its page in short, and where it is read in full."""

from __future__ import annotations

import re
from pathlib import Path

from keystream import _rules
from keystream._address import page_of
from keystream._codes import CODES
from keystream._findings import Finding
from keystream._linter.trying import WORSE

_SHOWN = ("What it does", "Why it matters", "Use instead", "Fix safety")
_CODE = re.compile(r"\bKS\d{3}\b")


def link(code: str) -> str:
    """Where a rule's page is read: on the site, or while there is none in the rule's own file.

    The docstring at the top of that file is the page.
    """
    if address := page_of(code):
        return address
    module = _rules.page(code)
    return Path(module.__file__).as_uri() if module is not None and module.__file__ else ""


def of_finding(finding: Finding, repair: str) -> str:
    """The rule of a finding in short, in Markdown, with what can be done here.

    What happened is not said again: the editor shows the finding itself beside it.

    Args:
        finding: the finding.
        repair: what repairs it; empty where nothing does.
    """
    parts = [of_rule(finding.code)]
    if finding.suppressed is not None:
        parts.insert(0, f"Ignored here: {finding.suppressed}")
    elif repair:
        parts.append(f"**Repair here:** {repair}.")
    elif finding.repair:  # others of its kind can be repaired
        reason = finding.repair.removeprefix("none: ")
        parts.append(f"**No repair here:** {WORSE if reason == finding.repair else reason}.")
    if address := link(finding.code):
        parts.append(f"[The whole page of {finding.code}]({address})")
    return "\n\n".join(parts)


def of_rule(code: str) -> str:
    """A rule's page in short, in Markdown."""
    summary, *sections = re.split(r"^## ", _rules.text(code), flags=re.MULTILINE)
    parts = [f"**{code} {CODES[code]}**", summary.strip()]
    for section in sections:
        heading, _, body = section.partition("\n")
        if heading in _SHOWN:
            parts.append(f"**{heading}**\n\n{body.strip()}")
    return "\n\n".join(parts)


def of_code(code: str) -> str:
    """A rule's page in short, and where it is read in full."""
    address = link(code)
    return of_rule(code) + (f"\n\n[The whole page of {code}]({address})" if address else "")


def code_at(line: str, column: int) -> str:
    """The code that is written in a line where a column is, as in a comment that ignores it."""
    for match in _CODE.finditer(line):
        if match.start() <= column <= match.end() and match.group() in CODES:
            return match.group()
    return ""
