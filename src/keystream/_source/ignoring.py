"""``# keystream: ignore[KS101] reason`` and ``# noqa: KS101``: what a line's comment leaves out."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from keystream._codes import CODES
from keystream._findings import Finding, Location

_OURS = re.compile(
    r"#\s*keystream:\s*ignore(?:\[(?P<codes>[^\]]*)\])?\s*(?P<reason>.*)", re.IGNORECASE
)
_NOQA = re.compile(
    r"#\s*noqa:\s*(?P<codes>[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)(?P<reason>.*)", re.IGNORECASE
)


@dataclass(slots=True)
class Ignore:
    """One comment.

    Attributes:
        line: that it stands on, from 1.
        column: where it begins, from 1.
        codes: that it names; empty for all.
        reason: what it says beside.
        ours: whether it is ours to complain about when it is not needed.
        used: the codes that it left out.
    """

    line: int
    column: int
    codes: tuple[str, ...]
    reason: str
    ours: bool
    used: set[str] = field(default_factory=set[str])


def ignores(text: str) -> list[Ignore]:
    """The comments of a source that leave something out; a comment alone on its line is for the next."""
    if "keystream:" not in text and "noqa" not in text:
        return []
    found: list[Ignore] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type != tokenize.COMMENT:
                continue
            ignore = _read(token.string, token.start[0], token.start[1] + 1)
            if ignore is not None:
                if not token.line[: token.start[1]].strip():
                    ignore.line += 1
                found.append(ignore)
    except (tokenize.TokenError, SyntaxError, ValueError):
        return found
    return found


def _read(comment: str, line: int, column: int) -> Ignore | None:
    for pattern in (_OURS, _NOQA):
        match = pattern.search(comment)
        if match is None:
            continue
        words = [word for word in re.split(r"[,\s]+", match.group("codes") or "") if word]
        codes = tuple(_code(word) for word in words)
        if pattern is _NOQA:
            codes = tuple(code for code in codes if code.startswith("KS"))
            if not codes:
                return None
        return Ignore(line, column, codes, match.group("reason").strip(" -:"), pattern is _OURS)
    return None


def _code(word: str) -> str:
    names = {name: code for code, name in CODES.items()}
    return names.get(word, word.upper())


def apply(
    findings: Iterable[Finding], text: str, path: str, unseen: Collection[str] = ()
) -> list[Finding]:
    """The findings with those suppressed that a comment on one of their first lines names, and KS903.

    Args:
        findings: of one file.
        text: its source.
        path: as it is shown.
        unseen: codes that this check can't find, so that a comment that names them may be needed.

    Returns:
        The findings, and one for each comment that suppresses nothing.
    """
    comments = ignores(text)
    if not comments:
        return list(findings)
    by_line: dict[int, list[Ignore]] = {}
    for comment in comments:
        by_line.setdefault(comment.line, []).append(comment)
    kept: list[Finding] = []
    for finding in findings:
        place = finding.locations[0]
        matching = next(
            (
                comment
                for comment in by_line.get(place.line, ())
                if not comment.codes or finding.code in comment.codes
            ),
            None,
        )
        if matching is None:
            kept.append(finding)
            continue
        matching.used.add(finding.code)
        kept.append(replace(finding, suppressed=matching.reason or "no reason given"))
    for comment in comments:
        comment.used |= set(unseen) & set(comment.codes)
        if comment.ours and _is_unused(comment):
            kept.append(_unused(comment, path))
    return kept


def _is_unused(comment: Ignore) -> bool:
    return not comment.used if not comment.codes else bool(set(comment.codes) - comment.used)


def _unused(comment: Ignore, path: str) -> Finding:
    names = ", ".join(code for code in comment.codes if code not in comment.used) or "any code"
    return Finding(
        "KS903",
        "note",
        f"the comment ignores {names}, which is not found on its line",
        "a comment that ignores nothing hides the next mistake",
        "remove it, or the code from it",
        (Location(path, comment.line, comment.column),),
    )
