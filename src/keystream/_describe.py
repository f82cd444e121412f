"""`Streams` as text: a line for ``repr``, a table for ``describe``."""

from __future__ import annotations

import html
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from keystream._counter import LAYOUT, WORD
from keystream._declaration import Declaration
from keystream._names import assign_ids


def represent(declaration: Declaration, roots: Any) -> str:
    """The constructor call that makes the streams, as far as it can be written."""
    sources = source_texts(declaration, roots)
    if declaration.own_roots:
        pairs = zip(declaration.names, sources, strict=True)
        words = ["{" + ", ".join(f"{name!r}: {source}" for name, source in pairs) + "}"]
    else:
        names = [] if declaration.single else [repr(name) for name in declaration.names]
        words = [*sources, *names]
    words += [f"{option}={value!r}" for option, value in _options(declaration).items()]
    children = [f"child({name!r})" for name in declaration.path]
    chosen = _chosen_ids(declaration, declaration.ids, declaration.path)
    if children and chosen:
        children[-1] = f"child({declaration.path[-1]!r}, ids={chosen!r})"
    return ".".join([f"Streams({', '.join(words)})", *children])


def describe(declaration: Declaration, roots: Any) -> str:
    """A table: stream, what hands out its keys, id, root."""
    head, rows = _HEAD, _rows(declaration, roots)
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]
    return "\n".join([*lines, _ranges(declaration)])


def as_table(declaration: Declaration, roots: Any) -> str:
    """The same as an HTML table, for notebooks, in whatever colours they have."""

    def row(cells: tuple[str, ...], tag: str) -> str:
        style = ' style="text-align: left"'
        shown = "".join(f"<{tag}{style}>{html.escape(cell)}</{tag}>" for cell in cells)
        return f"<tr>{shown}</tr>"

    rows = "".join(row(cells, "td") for cells in _rows(declaration, roots))
    return (
        f"<table><thead>{row(_HEAD, 'th')}</thead><tbody>{rows}</tbody></table>"
        f"<small>{html.escape(_ranges(declaration))}</small>"
    )


_HEAD = ("stream", "keys from", "id", "root")


def _rows(declaration: Declaration, roots: Any) -> list[tuple[str, ...]]:
    sources = source_texts(declaration, roots)
    return [
        (
            declaration.qualified(name),
            "init_rngs" if name in declaration.init else "init_rngs, rngs",
            str(identifier),
            sources[place if declaration.own_roots else 0],
        )
        for place, (name, identifier) in enumerate(
            zip(declaration.names, declaration.ids, strict=True)
        )
    ]


def _ranges(declaration: Declaration) -> str:
    """What step and coordinates may be, and how keys are made."""
    ranges = [f"step in [0, {declaration.radix.init_step})"]
    ranges += [f"{name} in [0, {size})" for name, size in declaration.radix.coordinates]
    return f"{', '.join(ranges)}; {declaration.impl}, layout {declaration.layout}"


def _options(declaration: Declaration) -> dict[str, Any]:
    """The options that differ from their defaults."""
    options: dict[str, Any] = {}
    if declaration.radix.coordinates:
        options["coordinates"] = declaration.sizes
    if declaration.radix.steps != WORD:
        options["steps"] = declaration.radix.steps
    if chosen := _chosen_ids(declaration, declaration.root_ids, ()):
        options["ids"] = chosen
    if declaration.init != tuple(name for name in declaration.names if name == "params"):
        options["init"] = declaration.init
    if declaration.impl != "threefry2x32":
        options["impl"] = declaration.impl
    if declaration.layout != LAYOUT:
        options["layout"] = declaration.layout
    return options


def _chosen_ids(
    declaration: Declaration, ids: tuple[int, ...], path: tuple[str, ...]
) -> dict[str, int]:
    """The ids in a namespace that are not the hash of their name."""
    hashed = assign_ids(declaration.names, path, {})
    pairs = zip(declaration.names, ids, hashed, strict=True)
    return {name: own for name, own, by_hash in pairs if own != by_hash}


def source_texts(declaration: Declaration, roots: Any) -> list[str]:
    """Each root as its seed, or as the words of its key."""
    count = len(declaration.names) if declaration.own_roots else 1
    if isinstance(roots, Tracer) or not isinstance(roots, (jax.Array, np.ndarray)):
        return ["<traced>"] * count
    if isinstance(roots, jax.Array) and roots.is_deleted():
        return ["<donated>"] * count
    if roots.ndim != 2:
        return [f"<batch {roots.shape[:-2]}>"] * count
    return [_source(row, declaration.impl) for row in np.asarray(roots)]


def _source(words: np.ndarray, impl: str) -> str:
    if impl == "threefry2x32" and words[0] == 0:
        return str(words[1])  # the seed that makes this root
    return "<key " + " ".join(f"{word:#010x}" for word in words) + ">"
