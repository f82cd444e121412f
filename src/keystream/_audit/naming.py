"""What a key is called: its stream and step read back from its value, or the variable of its seed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keystream import _threefry
from keystream._audit.judged import line
from keystream._audit.lineage import Lineage
from keystream._audit.recording import Recording, Site
from keystream._audit.store import pack
from keystream._counter import ID_SHIFT, split_counter
from keystream._evidence.names import names_bound
from keystream._evidence.source import spans, statement
from keystream._findings import Location

_READ_BACK = "threefry2x32"  # the one implementation whose keys have an inverse


@dataclass(frozen=True, slots=True)
class RowName:
    """What a row of the report is called.

    Attributes:
        name: of the stream, or of the variable that holds the seed's key, or the line.
        kind: ``stream``, ``seed`` where the key comes from a seed, ``line`` where its origin was not
            seen.
        place: the line of the seed, such as ``train.py:3``; empty where the name says it, and for a
            stream.
    """

    name: str
    kind: str
    place: str = ""


def read_back(recording: Recording, keys: NDArray[np.uint64]) -> dict[int, tuple[str, int | None]]:
    """The stream and step of the keys that the program's own `Streams` derived.

    The step is None for a key for ``init``. A foreign key matches a name by chance, once in 2**20 or
    less: it then still has no lineage, or it would not be asked about.

    Args:
        recording: with the instances of `Streams` that were seen.
        keys: uint64 ``(n,)``.
    """
    found: dict[int, tuple[str, int | None]] = {}
    pair = (keys >> np.uint64(32)).astype(np.uint32), keys.astype(np.uint32)
    for declaration, roots in _roots(recording):
        for row, root in enumerate(roots):
            if declaration.own_roots and not declaration.path:
                found.setdefault(int(pack(root)), (declaration.names[row], None))
            high, low = _threefry.inverse((root[:1], root[1:]), pair)
            known = np.isin(high >> np.uint32(ID_SHIFT), np.array(declaration.ids, np.uint32))
            for place in np.flatnonzero(known).tolist():
                name = _name(declaration, row, (int(high[place]), int(low[place])))
                if name is not None:
                    found.setdefault(int(keys[place]), name)
    return found


def _roots(recording: Recording) -> Iterator[tuple[Any, NDArray[np.uint32]]]:
    for (declaration, _), roots in list(recording.declared.items()):
        try:
            words = np.asarray(roots)
        except RuntimeError:  # the program gave the array away
            continue
        if declaration.impl == _READ_BACK and words.ndim == 2:
            yield declaration, words


def _name(declaration: Any, row: int, counter: tuple[int, int]) -> tuple[str, int | None] | None:
    identifier, position = split_counter(*counter)
    place = declaration.ids.index(identifier)
    unpacked = declaration.radix.unpack(position)
    if unpacked is None or (declaration.own_roots and place != row):
        return None
    step = unpacked[0]
    init = step == declaration.radix.init_step
    return declaration.qualified(declaration.names[place]), None if init else step


class Names:
    """The names of the rows of a recording.

    Args:
        recording: the run.
        lineage: of its keys.
    """

    def __init__(self, recording: Recording, lineage: Lineage) -> None:
        self._recording, self._lineage = recording, lineage
        self._batches: dict[int, str] | None = None

    def of(self, site: Site, key: int, call: int) -> RowName:
        """The name of the row that a place's draws belong to.

        Args:
            site: where it draws.
            key: the first that it drew from.
            call: that drew.
        """
        if site.stream:
            return RowName(site.stream, "stream")
        making = self._lineage.found(key, call, site)
        for _ in range(1000):
            if making is None or making.kind == "seed":
                break
            key = making.parent
            making = self._lineage.before(making)
        if making is None:
            stream = self._stream(key)
            if stream:
                return RowName(stream, "stream")
            at = f"key at {line(site.place)}" if site.place is not None else "inside a library"
            return RowName(at, "line")
        place = self._lineage.site(making).place
        if place is None:
            return RowName(f"seed {making.parent}", "seed")
        variable = _variable(place)
        return RowName(variable or line(place), "seed", line(place) if variable else "")

    def _stream(self, key: int) -> str:
        named = read_back(self._recording, np.array([key], np.uint64))
        if key in named:
            return named[key][0]
        if self._batches is None:
            self._batches = dict(_batched(self._recording))
        return self._batches.get(key, "")


def _batched(recording: Recording) -> Iterator[tuple[int, str]]:
    for name, batches in list(recording.batches.items()):
        for words in batches:
            try:
                yield from ((key, name) for key in pack(np.asarray(words)).reshape(-1).tolist())
            except RuntimeError:  # the program gave the array away
                continue


def _variable(place: Location) -> str:
    """What the statement of a line binds to the key that is made there, if that is one name."""
    node = statement(place)
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Tuple(elts=values)):
            targets = [t for t, each in zip(parts, values, strict=False) if spans(each, place)]
        case ast.Assign(targets=targets):
            pass
        case ast.AnnAssign(target=target):
            targets = [target]
        case _:
            return ""
    names = [name for target in targets for name in names_bound(target)]
    return names[0] if len(names) == 1 else ""
