"""Names, ids and integers as users give them: checked, and refused with the remedy.

Nothing here knows of keys or arrays.
"""

from __future__ import annotations

import operator
from collections.abc import Hashable, Iterable, Mapping
from threading import Lock
from typing import Any, Final, cast

from keystream._counter import ID_BITS, WORD, stream_id
from keystream._suggestions import did_you_mean
from keystream.errors import StreamIdClashError, UndeclaredStreamError, ValueOutOfRangeError

RESERVED: Final = ("coordinates", "steps", "ids", "init", "impl", "layout")
RESERVED_COORDINATES: Final = ("self", "name", "step", "n")  # parameters of key, keys and rngs
SEPARATOR: Final = "/"
_NO_NAME: Final = {"", SEPARATOR, *RESERVED}


def as_integer(value: object, what: str, call: str, why: str) -> int:
    """A Python integer from a Python or NumPy one; floats, booleans and text are refused (KS002)."""
    if not isinstance(value, bool):
        try:
            return operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            pass
    raise ValueOutOfRangeError(
        f"{what} {value!r} is not an integer", where=call, why=why, fix=f"pass {what} as an integer"
    )


def check_range(integer: int, what: str, bound: int, call: str) -> None:
    """Refuse a step or coordinate outside [0, bound) (KS002)."""
    if 0 <= integer < bound:
        return
    fix = f"pass {what} in that range"
    if bound <= integer and bound < WORD - 1:
        kept = " (the last step is kept for init): Streams(..., steps=...)"
        fix += f", or declare a larger one{kept if what == 'step' else ''}"
    raise ValueOutOfRangeError(
        f"{what} {integer} is outside [0, {bound})",
        where=call,
        why="it would wrap onto another name's key",
        fix=fix,
    )


def check_name(name: object, what: str, call: str) -> str:
    """A name that streams, coordinates or namespaces can bear (KS002 where it is not)."""
    # What is printable UTF-8 can encode, so that a name has a hash; a table has it in one line.
    if isinstance(name, str) and name.isprintable() and not {name, *name} & _NO_NAME:
        return name
    fix = "choose another name, such as 'dropout', 'microbatch' or 'teacher'"
    if isinstance(name, list | tuple):
        fix = 'pass each name as an argument of its own: Streams(0, "params", "dropout")'
    raise ValueOutOfRangeError(
        f"{name!r} can't be the name of a {what}",
        where=call,
        why="a name is printable text without '/', which joins namespaces, and not that of an option"
        f" ({', '.join(RESERVED)})",
        fix=fix,
    )


def check_mapping(value: object, option: str, example: str) -> Mapping[Any, Any]:
    """What an option maps names to; nothing where it is None (KS002 where it is no mapping)."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return cast("Mapping[Any, Any]", value)
    raise ValueOutOfRangeError(
        f"{option} is {value!r}, not a mapping",
        where=f"Streams(..., {option}=...)",
        why="it says something of each name",
        fix=f"write {option}={example}",
    )


def check_unique(names: tuple[str, ...]) -> None:
    """Refuse a name that is declared twice (KS003)."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise StreamIdClashError(
                f"stream {name!r} is declared twice",
                where="Streams",
                why="one name is one stream of keys; two uses of it would repeat each other",
                fix="declare it once, or give the second use a name of its own",
            )
        seen.add(name)


def check_init(names: tuple[str, ...], chosen: Iterable[str] | None) -> tuple[str, ...]:
    """The streams for ``init`` alone: those chosen, or ``params`` where it is declared."""
    if chosen is None:
        return tuple(name for name in names if name == "params")
    if not isinstance(chosen, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueOutOfRangeError(
            f"init is {chosen!r}, not names of streams",
            where="Streams(..., init=...)",
            why="init lists which of the declared streams are for init alone",
            fix='list them: init=("params",), or init=() for none',
        )
    chosen = (chosen,) if isinstance(chosen, str) else tuple(chosen)
    for name in chosen:
        if name not in names:
            raise UndeclaredStreamError(
                f"init names stream {name!r}, which is not declared",
                where=f"Streams(..., init=...) · declared: {', '.join(names)}",
                why="init lists which of the declared streams are for init alone",
                fix=did_you_mean(name, names, f"declare it: Streams(..., {name!r})"),
            )
    return tuple(name for name in names if name in chosen)


def assign_ids(
    names: tuple[str, ...], path: tuple[str, ...], chosen: Mapping[str, int]
) -> tuple[int, ...]:
    """The id of each name: the one chosen, or else the hash of the name after its namespaces."""
    own = {name: _check_id(names, name, identifier) for name, identifier in chosen.items()}
    return tuple(own.get(name) or stream_id(SEPARATOR.join((*path, name))) for name in names)


def _check_id(names: tuple[str, ...], name: str, identifier: object) -> int:
    if name not in names:
        raise UndeclaredStreamError(
            f"ids names stream {name!r}, which is not declared",
            where=f"Streams(..., ids=...) · declared: {', '.join(names)}",
            why="an id belongs to a declared stream",
            fix=did_you_mean(name, names, f"declare it: Streams(..., {name!r})"),
        )
    call = "Streams(..., ids=...)"
    checked = as_integer(identifier, f"id of stream {name!r}", call, "an id is 20 bits")
    if 1 <= checked < 2**ID_BITS:
        return checked
    raise ValueOutOfRangeError(
        f"id {checked} of stream {name!r} is outside [1, 2**{ID_BITS})",
        where=call,
        why="an id is 20 bits, and id 0 is kept for keys that are nobody's",
        fix=f"choose another: ids={{{name!r}: 7}}",
    )


class Namespaces:
    """Which ids the streams of one root declaration have, over all the namespaces made from it.

    A child is made where it is needed, unknown to its siblings; what makes their names provably
    distinct is that this process has seen them all. The registry is keyed by the root declaration's
    value, so its answer does not depend on which objects are alive or how often a function was traced.
    """

    def __init__(self) -> None:
        self._owners: dict[Hashable, dict[int, str]] = {}
        self._lock = Lock()

    def claim(self, root: Hashable, path: tuple[str, ...], ids: Mapping[str, int]) -> None:
        """Give the ids to the names in a namespace, or raise KS003 and give none."""
        with self._lock:
            owners = self._owners.setdefault(root, {})
            owners.update(_refuse_clash(owners, path, ids))


def _refuse_clash(
    owners: Mapping[int, str], path: tuple[str, ...], ids: Mapping[str, int]
) -> dict[int, str]:
    """The new owners; KS003 where two names have one id, with a remedy for every pair at once."""
    new: dict[int, str] = {}
    pairs: list[tuple[str, str, str]] = []
    for name, identifier in ids.items():
        qualified = SEPARATOR.join((*path, name))
        owner = owners.get(identifier, new.setdefault(identifier, qualified))
        if owner != qualified:
            pairs.append((owner, qualified, name))
    if not pairs:
        return new
    free = (i for i in range(1, 2**ID_BITS) if i not in owners and i not in new)
    remedy = ", ".join(f"{name!r}: {next(free)}" for _, _, name in pairs)
    first, second, name = pairs[0]
    more = f", and {len(pairs) - 1} more pairs do" if len(pairs) > 1 else ""
    raise StreamIdClashError(
        f"streams {first!r} and {second!r} have one id, {ids[name]}{more}",
        where="Streams.child" if path else "Streams",
        why="equal ids are equal keys; an id is 20 bits of the name's hash, and these two meet",
        fix=f"give ids of your own: ids={{{remedy}}}"
        + ("; for many alike, one declared coordinate serves better" if path else ""),
    )
