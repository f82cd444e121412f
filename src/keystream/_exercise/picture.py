"""Draws a flow, and masks, as SVG that stands in light and dark, and as text.

The words have the colour of the text around, and so has what is half transparent; the other colours can
be told apart on white and on black. Nothing is loaded. A mistake is never told by its colour alone.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keystream._exercise.flow import DROPOUT_SEED, FLAG, SEED, Arrow, Flow, Strip

# Okabe and Ito chose such hues to be apart for colour-blind readers too.
_COLOURS = {SEED: "#3a8fd0", DROPOUT_SEED: "#d98a1f", FLAG: "#8f7ad1"}
_OTHER, _WRONG, _RIGHT = "#888888", "#e5484d", "#2f9e6b"
_FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
_MONO = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

WIDTH = 720
_TOP, _ROW = 44, 46  # the first row of the arrows, and from one to the next
_BOX, _LEFT, _RIGHT_EDGE = 190, 12, 462  # a box of an input; where those and the calls begin
_CELL, _HIGH, _LABEL = 62, 30, 84  # a value of a strip, and the room for the words beside it


def svg_of_flow(flow: Flow) -> str:
    """The arrows above, the strips below."""
    sources = _sources(flow)
    bottom = max([_TOP + 4 * _ROW - 12, *(y + 22 for y in sources.values())])
    parts = [_heading(flow), *_calls(), *_boxes(flow, sources)]
    # What is wrong is drawn last, above what crosses it.
    for arrow in sorted(flow.arrows, key=lambda arrow: arrow.fault):
        parts.append(_drawn(arrow, sources))
    for strip in flow.strips:
        parts.append(_strip(strip, bottom))
        bottom += 2 * (_HIGH + 6) + 34
    if any(arrow.fault for arrow in flow.arrows):
        parts.append(_key(bottom + 18, flow.arrows))
        bottom += 26
    return _svg(WIDTH, bottom + 6, "".join(parts), "\n".join(words_of_flow(flow)))


def _sources(flow: Flow) -> dict[str, float]:
    """For each origin of a key, the height of its box; those that the task does not know come last."""
    names = [SEED, DROPOUT_SEED, FLAG]
    names += [
        arrow.came for arrow in flow.arrows if arrow.state == "wrong" and arrow.argument != FLAG
    ]
    places = [_TOP, _TOP + 1.5 * _ROW, _TOP + 3 * _ROW]
    places += [_TOP + _ROW * number for number in (4, 5, 6, 7)]
    return dict(zip(dict.fromkeys(names), places, strict=False))


def _heading(flow: Flow) -> str:
    return _text(_LEFT, 20, "what your function gave", soft=True) + _text(
        _RIGHT_EDGE, 20, "to", soft=True
    )


def _calls() -> list[str]:
    rows = ((0, "init", ("params", "dropout")), (2, "apply", ("dropout", FLAG)))
    parts: list[str] = []
    uses = ("the weights", "a mask, thrown away", "the mask", "drops, or does not")
    for first, call, arguments in rows:
        top = _TOP + first * _ROW - 18
        parts.append(
            f'<rect x="{_RIGHT_EDGE}" y="{top}" width="{WIDTH - _RIGHT_EDGE - 4}"'
            f' height="{2 * _ROW - 10}" rx="6" fill="currentColor" fill-opacity=".06"'
            ' stroke="currentColor" stroke-opacity=".3"/>'
        )
        parts.append(_text(_RIGHT_EDGE + 10, top + _ROW - 1, call, bold=True, mono=True))
        for number, argument in enumerate(arguments):
            y = _TOP + (first + number) * _ROW - (4 if number else -4)
            parts.append(_text(_RIGHT_EDGE + 62, y - 2, argument, mono=True))
            parts.append(_text(_RIGHT_EDGE + 62, y + 12, uses[first + number], soft=True, size=11))
    return parts


def _boxes(flow: Flow, sources: Mapping[str, float]) -> list[str]:
    parts: list[str] = []
    for name, y in sources.items():
        colour = _COLOURS.get(name, _WRONG)
        value = getattr(flow.case, name, None)
        shown = name if value is None else f"{name} = {value:g}"
        parts.append(
            f'<rect x="{_LEFT}" y="{y - 16}" width="{_BOX}" height="32" rx="6" fill="{colour}"'
            f' fill-opacity=".16" stroke="{colour}" stroke-width="1.5"/>'
        )
        parts.append(_text(_LEFT + 10, y + 4.5, shown, mono=True))
    return parts


def _height(arrow: Arrow) -> float:
    """Where an arrow ends."""
    second = arrow.argument in ("dropout", FLAG) and (
        arrow.call == "init" or arrow.argument == FLAG
    )
    row = (0 if arrow.call == "init" else 2) + second
    return _TOP + _ROW * row + (-4 if second else 4)


def _drawn(arrow: Arrow, sources: Mapping[str, float]) -> str:
    begin, end = sources[arrow.wanted], _height(arrow)
    if arrow.state == "idle":
        return ""
    if arrow.state == "unseen":
        return _line(begin, end, _OTHER, dashed=True, faint=True)
    if arrow.state == "right":
        return _line(begin, end, _COLOURS[arrow.wanted]) + _mark(end, right=True)
    if arrow.state == "wrong" and arrow.argument == FLAG:
        way = _line(begin, end, _WRONG)
    else:
        way = _line(begin, end, _RIGHT, dashed=True)
        if arrow.state == "wrong":
            way += _line(sources[arrow.came], end, _WRONG)
        elif arrow.state == "served":
            way += _served(arrow, end)
    return way + _said(begin, end, arrow.said) + _mark(end)


def _line(
    begin: float, end: float, colour: str, *, dashed: bool = False, faint: bool = False
) -> str:
    start, tip = _LEFT + _BOX + 2, _RIGHT_EDGE - 26
    middle = (start + tip) / 2
    style = ' stroke-dasharray="5 4"' if dashed else ""
    style += ' opacity=".5"' if faint else ""
    width = 1.8 if dashed else 2.4
    return (
        f'<path d="M{start} {begin} C{middle} {begin} {middle} {end} {tip} {end}" fill="none"'
        f' stroke="{colour}" stroke-width="{width}"{style}/>'
        f'<path d="M{tip} {end - 5} L{tip + 8} {end} L{tip} {end + 5} Z" fill="{colour}"'
        f"{' opacity=' + chr(34) + '.5' + chr(34) if faint else ''}/>"
    )


def _served(arrow: Arrow, end: float) -> str:
    """From the place of ``params`` to that of the stream which it serves."""
    x, begin = WIDTH - 30, _TOP + 4
    if arrow.call == "apply":
        return ""
    return (
        f'<path d="M{x - 20} {begin} C{x + 14} {begin} {x + 14} {end} {x - 12} {end}" fill="none"'
        f' stroke="{_WRONG}" stroke-width="2.4"/>'
        f'<path d="M{x - 10} {end - 5} L{x - 18} {end} L{x - 10} {end + 5} Z" fill="{_WRONG}"/>'
    )


def _mark(end: float, *, right: bool = False) -> str:
    x = _RIGHT_EDGE - 8
    shape = f"M{x - 5} {end} l4 4 l7 -9" if right else f"M{x - 5} {end - 5} l10 10 m0 -10 l-10 10"
    colour = _RIGHT if right else _WRONG
    return f'<path d="{shape}" fill="none" stroke="{colour}" stroke-width="2.6"/>'


def _said(begin: float, end: float, words: str) -> str:
    """On the way of a line, at its later half."""
    x, y = (_LEFT + _BOX + _RIGHT_EDGE) / 2 + 18, (begin + 3 * end) / 4 - 9
    return _text(x, y, words, mono=True, colour=_WRONG, size=12) if words else ""


def _key(y: float, arrows: Sequence[Arrow]) -> str:
    """What the lines mean."""
    x, parts = _LEFT, ""
    faults = [arrow for arrow in arrows if arrow.fault]
    if any(arrow.state != "missing" for arrow in faults):
        line = f'<path d="M{x} {y - 4} h26" stroke="{_WRONG}" stroke-width="2.4"/>'
        parts += line + _text(x + 34, y, "what your function does", soft=True)
        x += 220
    if any(arrow.state == "missing" or arrow.argument != FLAG for arrow in faults):
        style = f'stroke="{_RIGHT}" stroke-width="1.8" stroke-dasharray="5 4"'
        line = f'<path d="M{x} {y - 4} h26" {style}/>'
        parts += line + _text(x + 34, y, "what it has to do", soft=True)
    return parts


def _strip(strip: Strip, top: float) -> str:
    parts = [_text(_LEFT, top + 22, strip.title, soft=True)]
    differs = strip.differs()
    rows = (("right", strip.right, [False] * len(differs)), ("yours", strip.came, differs))
    for number, (label, values, wrong) in enumerate(rows):
        y = top + 32 + number * (_HIGH + 6)
        parts.append(_text(_LEFT, y + 20, label))
        if values is None:
            parts.append(_text(_LABEL, y + 20, strip.instead, mono=True, colour=_WRONG))
            continue
        for place, value in enumerate(values):
            shown = "" if strip.masks else f"{value:.2f}"
            parts.append(_value(_LABEL + place * (_CELL + 6), y, shown, value != 0.0, wrong[place]))
    return "".join(parts)


def _value(x: float, y: float, shown: str, kept: bool, wrong: bool) -> str:
    words = shown if kept else "0"
    edge = f'stroke="{_WRONG}" stroke-width="3"' if wrong else 'stroke="none"'
    fill = 'fill="#2a9d8f" fill-opacity=".55"' if kept else 'fill="currentColor" fill-opacity=".09"'
    if not kept and not wrong:
        edge = 'stroke="currentColor" stroke-opacity=".35" stroke-dasharray="3 3"'
    return f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_HIGH}" rx="4" {fill} {edge}/>' + _text(
        x + _CELL / 2, y + 20, words, mono=True, middle=True, soft=not kept
    )


# ------------------------------------------------------------------ masks by themselves

_SMALL, _GAP = 15, 2


def svg_of_masks(rows: Mapping[str, Sequence[bool]]) -> str:
    """A row of cells for each mask, full where a value is kept."""
    label = 16 + 8 * max(map(len, rows))
    width = max(label + max(len(mask) for mask in rows.values()) * (_SMALL + _GAP), 250) + 8
    parts: list[str] = []
    for number, (name, mask) in enumerate(rows.items()):
        y = 6 + number * (_SMALL + 9)
        parts.append(_text(4, y + 12, name, mono=True))
        for place, kept in enumerate(mask):
            x = label + place * (_SMALL + _GAP)
            fill = (
                'fill="#2a9d8f" fill-opacity=".85"'
                if kept
                else 'fill="currentColor" fill-opacity=".05" stroke="currentColor" stroke-opacity=".3"'
            )
            parts.append(
                f'<rect x="{x}" y="{y}" width="{_SMALL}" height="{_SMALL}" rx="3" {fill}/>'
            )
    bottom = 6 + len(rows) * (_SMALL + 9)
    return _svg(width, bottom + 4, "".join(parts), words_of_masks(rows))


def words_of_masks(rows: Mapping[str, Sequence[bool]]) -> str:
    """The same as text: ``#`` where a value is kept, ``.`` where it is dropped."""
    width = max(map(len, rows))
    return "\n".join(
        f"{name:<{width}}  {''.join('#' if kept else '.' for kept in mask)}".strip()
        for name, mask in rows.items()
    )


# ------------------------------------------------------------------ a flow as text


def words_of_flow(flow: Flow) -> list[str]:
    """The lines that say what the picture shows."""
    lines = [flow.case.call(), ""]
    lines += [
        f"{arrow.call:<5}  {arrow.argument:<13}  {_words(arrow)}".rstrip() for arrow in flow.arrows
    ]
    for strip in flow.strips:
        lines += ["", strip.title, f"  right  {_row(strip.right, strip)}"]
        yours = strip.instead if strip.came is None else _row(strip.came, strip)
        lines.append(f"  yours  {yours}")
    return lines


def _words(arrow: Arrow) -> str:
    said = f" ({arrow.said})" if arrow.said else ""
    told = {
        "right": f"<- {arrow.wanted}",
        "wrong": f"<- {arrow.came}, WRONG: has to come from {arrow.wanted}",
        "served": f"<- the key of params, WRONG{said}: has to come from {arrow.wanted}",
        "missing": f"NOTHING CAME{said}: has to come from {arrow.wanted}",
        "unseen": "not seen",
        "idle": "nothing is drawn",
    }
    if arrow.state == "wrong" and arrow.argument == FLAG:
        return f"<- {arrow.came}, WRONG"
    return told[arrow.state]


def _row(values: Any, strip: Strip) -> str:
    if strip.masks:
        return "".join("#" if value else "." for value in values)
    return " ".join(f"{value:6.2f}" if value else "     0" for value in np.asarray(values).tolist())


# ------------------------------------------------------------------ SVG


def _text(
    x: float, y: float, words: str, *, bold: bool = False, mono: bool = False, soft: bool = False,
    middle: bool = False, size: int = 13, colour: str = "currentColor",
) -> str:  # fmt: skip
    style = ' font-weight="600"' if bold else ""
    style += f' font-family="{_MONO}"' if mono else ""
    style += ' opacity=".72"' if soft else ""
    style += ' text-anchor="middle"' if middle else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}"{style}>'
        f"{html.escape(words)}</text>"
    )


def _svg(width: float, height: float, content: str, description: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" height="{height:g}" role="img" font-family="{_FONT}"'
        f' style="max-width:100%;height:auto"><desc>{html.escape(description)}</desc>{content}</svg>'
    )
