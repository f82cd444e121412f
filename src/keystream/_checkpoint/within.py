"""`Streams` that are part of a train state, such as a field of it.

A library that saves arrays saves their root keys and knows nothing of their names, so names are written
in the record, and compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jax

from keystream._differences import compare
from keystream._streams import Streams
from keystream.errors import RestoredStateMismatchError


def texts_within(state: Any) -> dict[str, Any]:
    """The `Streams` in a state as objects of JSON, by their paths."""
    return {path: json.loads(each.to_json()) for path, each in _within(state).items()}


def check_within(stored: Mapping[str, Any], state: Any, where: str) -> None:
    """Refuse a state whose `Streams` are not those that were saved (KS005)."""
    here = _within(state)
    for path in dict.fromkeys([*stored, *here]):
        if path not in stored or path not in here:
            sides = ("Streams saved, none here", "no Streams saved, some here")
            raise RestoredStateMismatchError(
                f"{path!r} differs: {sides[path in here]}",
                where=where,
                why="restored into another structure, the state is not the one that was saved",
                fix="pass a state like the one that was saved",
            )
        saved = Streams.from_json(json.dumps(stored[path]))
        compare(saved, here[path], f"{where} · {path}")


def _within(state: Any) -> dict[str, Streams]:
    flat, _ = jax.tree_util.tree_flatten_with_path(state, is_leaf=_is_streams)
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): leaf
        for path, leaf in flat
        if _is_streams(leaf) and not isinstance(leaf.roots, jax.ShapeDtypeStruct)
    }


def _is_streams(leaf: Any) -> bool:
    return isinstance(leaf, Streams)
