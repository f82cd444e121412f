"""Where two `Streams` differ, in words that name both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from keystream._declaration import Declaration
from keystream._describe import represent, source_texts
from keystream._streams import Streams
from keystream.errors import RestoredStateMismatchError

_ASPECTS: tuple[tuple[str, Callable[[Declaration], Any]], ...] = (
    ("names", lambda d: list(d.names)),
    ("implementations", lambda d: d.impl),
    ("layouts", lambda d: d.layout),
    ("streams for init", lambda d: list(d.init)),
    ("ranges of the step", lambda d: d.radix.steps),
    ("coordinates", lambda d: d.sizes),
    ("namespaces", lambda d: "/".join(d.path) or "none"),
    ("ids", lambda d: dict(zip(d.names, d.ids, strict=True))),
    ("ids outside of namespaces", lambda d: dict(zip(d.names, d.root_ids, strict=True))),
    ("kinds of root", lambda d: "one a stream" if d.own_roots else "one for all"),
    ("forms", lambda d: "a key without names" if d.single else "named streams"),
)


def compare(saved: Streams, here: Streams, where: str) -> None:
    """Refuse streams that are not those that were saved.

    Raises:
        RestoredStateMismatchError: KS005, naming both sides.
    """
    what = "; ".join(differences(saved, here))
    if not what:
        return
    raise RestoredStateMismatchError(
        what,
        where=where,
        why="the run would go on with other keys than those that it was saved with",
        fix=f"declare the streams as they were saved:\n{represent(saved.declaration, saved.roots)}\n"
        "or pass streams=None to take them as they were saved",
    )


def differences(saved: Streams, here: Streams) -> Iterator[str]:
    """A phrase for each difference, such as ``names differ: ['a'] saved, ['b'] here``."""
    if saved == here:
        return
    declarations = saved.declaration, here.declaration
    named = False
    for aspect, value in _ASPECTS:
        sides = value(declarations[0]), value(declarations[1])
        follows_from_names = (
            aspect.startswith("ids") and declarations[0].names != declarations[1].names
        )
        if sides[0] != sides[1] and not follows_from_names:
            named = True
            yield f"{aspect} differ: {sides[0]} saved, {sides[1]} here"
    roots = source_texts(declarations[0], saved.roots), source_texts(declarations[1], here.roots)
    same_shape = np.shape(saved.roots) == np.shape(here.roots)
    if roots[0] != roots[1] and (same_shape or not named):
        yield f"seeds differ: {', '.join(roots[0])} saved, {', '.join(roots[1])} here"
