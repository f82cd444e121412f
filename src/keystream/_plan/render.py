"""A plan for people: text at 80 columns, and a table for notebooks."""

from __future__ import annotations

import html as escape
import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from keystream._plan.site import Site

if TYPE_CHECKING:
    from keystream._plan.plan import Plan

_WIDTH = 80
_SHOWN = 200  # draws that are printed; all of them are in the JSON


def labels(draws: Sequence[Site]) -> dict[int, str]:
    """A name for each draw, unique in its plan: the module path, else the user's function."""
    plain = {site.id: _plain(site) for site in draws}
    count, used = Counter(plain.values()), Counter[str]()
    named: dict[int, str] = {}
    for site in draws:
        label = plain[site.id]
        named[site.id] = label if count[label] == 1 else f"{label}#{used[label]}"
        used[label] += 1
    return named


def _plain(site: Site) -> str:
    if site.module_path:
        return site.module_path
    place = site.place
    return place.function if place is not None else site.distribution


def text(plan: Plan) -> str:
    """The plan as lines."""
    lines = [_headline(plan)]
    by_label = list(plan.labels.items())
    for label, site in by_label[:_SHOWN]:
        lines += ["", label, *_wrapped("draws", _what(site)), *_wrapped("key", _key(site))]
        if site.place is not None:
            place = site.place
            lines.append(f"  where  {place.path}:{place.line} in {place.function}")
        notes = _notes(site)
        if notes:
            lines += _wrapped("notes", notes)
    if len(by_label) > _SHOWN:
        lines += ["", f"... and {len(by_label) - _SHOWN} more"]
    for finding in plan.findings():
        message = f"{finding.severity}: {finding.message} ({finding.code} {finding.name})"
        lines += ["", *textwrap.wrap(message, _WIDTH, subsequent_indent="  ")]
    return "\n".join(lines)


def _wrapped(name: str, words: str) -> list[str]:
    return textwrap.wrap(words, _WIDTH, initial_indent=f"  {name:<7}", subsequent_indent=" " * 9)


def _headline(plan: Plan) -> str:
    draws = len(plan.draws)
    head = f"{plan.name}: {draws} draw{'s' if draws != 1 else ''}, {amount(plan.bits)} a call"
    reads = ", ".join(plan.inputs[:4]) + (", ..." if len(plan.inputs) > 4 else "")
    slice_ = f"keys: {plan.operations} operations, {_percent(plan.share)} of the program"
    return f"{head}\n{slice_}; read from {reads or 'constants'}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share >= 1e-5 else "under 0.001 %"


def _what(site: Site) -> str:
    shape = f"{site.dtype}{list(site.shape)}".replace(" ", "")
    times = site.repeats
    often = "" if times == 1 else f", {times} times" if times is not None else ", in a while loop"
    bits = f", {amount(site.bits)}" if site.bits else ""
    return f"{site.distribution} {shape}{bits}{often}"


def _key(site: Site) -> str:
    if site.unseen:
        return f"not seen: {site.unseen}"
    parts: list[str] = []
    for step in site.derivation:
        if step.op == "index" and parts:
            parts[-1] += str(step)
        else:
            parts.append(str(step))
    return " → ".join(parts) or "none"


_NOTES = {
    "remat": "recomputed (rematerialised)",
    "backward": "in the backward pass",
    "discarded": "result unused",
    "vmap_shared": "one draw shared by the vmapped batch",
    "loop_invariant": "the same key in every iteration",
    "hoisted": "one draw for all iterations of a scan",
    "batched_cond": "both branches run",
    "clone": "of a cloned key",
}


def _notes(site: Site) -> str:
    notes = [note for flag, note in _NOTES.items() if flag in site.flags]
    notes += [f"branch {branch} of a condition" for _, branch in site.conditions]
    return ", ".join(notes)


def amount(bits: int) -> str:
    """A number of random bits, with a unit."""
    for unit, size in (("Gbit", 1e9), ("Mbit", 1e6), ("kbit", 1e3)):
        if bits >= size:
            return f"{bits / size:.3g} {unit}"
    return f"{bits} bit"


def html(plan: Plan) -> str:
    """The plan as a table that stands alone."""
    head = "".join(f"<th>{name}</th>" for name in ("draw", "what", "key", "where", "notes"))
    rows = "".join(_row(label, site) for label, site in plan.labels.items())
    lines = "<br>".join(escape.escape(line) for line in _headline(plan).splitlines())
    found = "".join(
        f"<li><b>{finding.code} {finding.name}</b>: {escape.escape(finding.message)}</li>"
        for finding in plan.findings()
    )
    listed = f"<ul>{found}</ul>" if found else ""
    return (
        f"<p>{lines}</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{listed}"
    )


def _row(label: str, site: Site) -> str:
    place = site.place
    where = f"{place.path}:{place.line}" if place is not None else ""
    cells = (label, _what(site), _key(site), where, _notes(site))
    return "<tr>" + "".join(f"<td>{escape.escape(cell)}</td>" for cell in cells) + "</tr>"
