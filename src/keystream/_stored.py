"""`Streams` as JSON: what is needed to make the same keys again, and a check that it is whole."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np

from keystream._counter import LAYOUT
from keystream._declaration import Declaration, declare
from keystream._roots import read_roots
from keystream.errors import KeystreamError, RestoredStateMismatchError

_FORMAT: Final = "keystream.streams"


def dump(declaration: Declaration, roots: np.ndarray) -> str:
    """The JSON text of a declaration and its roots uint32[R, W]."""
    stored = {
        "format": _FORMAT,
        "layout": declaration.layout,
        "impl": declaration.impl,
        "roots": roots.tolist(),
        "names": declaration.names,
        "ids": declaration.root_ids,
        "init": declaration.init,
        "steps": declaration.radix.steps,
        "coordinates": declaration.radix.coordinates,
        "own_roots": declaration.own_roots,
        "single": declaration.single,
        "path": declaration.path,
        "path_ids": declaration.ids,
    }
    return json.dumps(stored)


def load(text: str) -> tuple[Declaration, np.ndarray]:
    """The declaration and roots of a JSON text.

    Raises:
        RestoredStateMismatchError: KS005, the text is damaged, or of another layout or kind.
    """
    try:
        stored = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise _mismatch(f"stored streams can't be read: {error}") from error
    if not isinstance(stored, dict) or stored.get("format") != _FORMAT:
        raise _mismatch(f"stored streams are not in format {_FORMAT!r}")
    if stored.get("layout") != LAYOUT:
        raise _mismatch(f"stored streams have layout {stored.get('layout')!r}, this is {LAYOUT}")
    try:
        return _rebuild(stored)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        reason = error.what if isinstance(error, KeystreamError) else repr(error)
        raise _mismatch(f"stored streams are damaged: {reason}") from error


def _rebuild(stored: dict[str, Any]) -> tuple[Declaration, np.ndarray]:
    names = tuple(stored["names"])
    declaration = declare(
        names,
        coordinates=dict(stored["coordinates"]),
        steps=stored["steps"],
        ids=dict(zip(names, stored["ids"], strict=True)),
        init=tuple(stored["init"]),
        impl=str(stored["impl"]),
        own_roots=bool(stored["own_roots"]),
        single=bool(stored["single"]),
    )
    if stored["path"]:
        declaration = declaration.within(tuple(stored["path"]), tuple(stored["path_ids"]))
    rows = [_words(row) for row in stored["roots"]]
    owners = names if declaration.own_roots else ("",)
    roots, _ = read_roots(dict(zip(owners, rows, strict=True)), declaration.impl)
    return declaration, roots


def _words(row: list[object]) -> np.ndarray:
    if all(type(word) is int for word in row):
        return np.array(row, np.uint32)
    raise TypeError(f"{row} are not the words of a root key")  # NumPy would take 1.5 as 1


def _mismatch(what: str) -> RestoredStateMismatchError:
    return RestoredStateMismatchError(
        what,
        where="Streams.from_json",
        why="going on with other keys than those that were saved would not show",
        fix="restore a whole copy, with a version of keystream that knows its layout",
    )
