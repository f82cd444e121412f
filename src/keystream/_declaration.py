"""What a `Streams` declares: names, ids, ranges, implementation. Static, compared by value, no arrays.

Everything that can be refused without looking at a key is refused here, when streams are declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from keystream._counter import LAYOUT, POSITION_BITS, WORD, Radix
from keystream._names import (
    RESERVED_COORDINATES,
    SEPARATOR,
    Namespaces,
    as_integer,
    assign_ids,
    check_init,
    check_mapping,
    check_name,
    check_unique,
)
from keystream._suggestions import did_you_mean
from keystream.errors import (
    RestoredStateMismatchError,
    SingleKeyGivenError,
    UndeclaredStreamError,
    ValueOutOfRangeError,
)

_namespaces = Namespaces()


@dataclass(frozen=True, eq=False)
class Declaration:
    """The static half of a `Streams`; build one with `declare`.

    Args:
        names: the streams, in the order they were declared.
        ids: their ids, in [1, 2**20), one a name.
        root_ids: the ids of the same names outside any namespace; equal to ``ids`` without a path.
        init: the streams that are for ``init`` alone.
        radix: the ranges of step and coordinates.
        impl: the key implementation, such as ``threefry2x32``.
        path: the namespaces of a child, outermost first.
        own_roots: each stream has a root key of its own (per-stream seeds).
        single: a key or seed was given without names; it serves ``params`` alone.
        layout: the version of the counter's layout.
    """

    names: tuple[str, ...]
    ids: tuple[int, ...]
    root_ids: tuple[int, ...]
    init: tuple[str, ...]
    radix: Radix
    impl: str
    path: tuple[str, ...]
    own_roots: bool
    single: bool
    layout: int

    @cached_property
    def _value(self) -> tuple[object, ...]:
        return (self.ids, self.path, *self._root_value)

    @cached_property
    def _root_value(self) -> tuple[object, ...]:
        flags = (self.impl, self.own_roots, self.single, self.layout)
        return (self.names, self.root_ids, self.init, self.radix, *flags)

    @cached_property
    def _hash(self) -> int:
        return hash(self._value)

    # Written out because jit hashes and compares the declaration at every call: identity first, and
    # the hash of what may be thousands of names only once.
    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Declaration) and self._value == other._value

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def place(self) -> dict[str, int]:
        """The place of each name in ``names``."""
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def runtime(self) -> tuple[str, ...]:
        """The streams that ``rngs`` hands out: all but those for ``init`` alone."""
        return tuple(name for name in self.names if name not in self.init)

    @cached_property
    def last_step(self) -> int:
        """The end of the range of steps: the value kept for ``init``."""
        return self.radix.init_step

    @cached_property
    def sizes(self) -> dict[str, int]:
        """The size of each coordinate."""
        return dict(self.radix.coordinates)

    def qualified(self, name: str) -> str:
        """The name after its namespaces: what its id is the hash of."""
        return SEPARATOR.join((*self.path, name))

    def id_of(self, name: str) -> int:
        """The id of a declared name."""
        return self.ids[self.place[name]]

    def check_stream(self, name: object, call: str) -> None:
        """Refuse a stream that was not declared (KS001), or never named (KS008)."""
        if isinstance(name, str) and name in self.place:
            return
        declared = ", ".join(self.names)
        if self.single:
            raise SingleKeyGivenError(
                f"stream {name!r} was asked for, but a single key was given",
                where=f"{call} · a key without names is stream {declared!r} alone",
                why="one key for several streams makes their draws repeat each other",
                fix=f'name the streams: Streams(key, "{declared}", "{name}")',
            )
        raise UndeclaredStreamError(
            f"stream {name!r} is not declared",
            where=f"{call} · declared: {declared}",
            why="a key under a misspelt name is not the key you meant, and nothing would show it",
            fix=did_you_mean(name, self.names, f"declare it: Streams(..., {name!r})"),
        )

    def check_coordinates(self, names: Iterable[str], call: str) -> None:
        """Refuse coordinates that were not declared (KS001)."""
        for name in names:
            if name in self.sizes:
                continue
            raise UndeclaredStreamError(
                f"coordinate {name!r} is not declared",
                where=f"{call} · declared: {', '.join(self.sizes) or 'none'}",
                why="its range has to be known before it can be part of a key's name",
                fix=did_you_mean(
                    name, self.sizes, f"declare it: Streams(..., coordinates={{{name!r}: size}})"
                ),
            )

    def child(self, name: object, ids: Mapping[str, int] | None) -> Declaration:
        """The same streams in a namespace of their own, under the same root keys."""
        path = (*self.path, check_name(name, "namespace", "Streams.child"))
        return self.within(
            path, assign_ids(self.names, path, check_mapping(ids, "ids", '{"dropout": 7}'))
        )

    def within(self, path: tuple[str, ...], ids: tuple[int, ...]) -> Declaration:
        """The same streams in another namespace, with these ids (KS003 where they clash)."""
        same = (self.init, self.radix, self.impl)
        flags = (self.own_roots, self.single, self.layout)
        child = Declaration(self.names, ids, self.root_ids, *same, path, *flags)
        claim(child)
        return child


def claim(declaration: Declaration) -> None:
    """Refuse ids that another stream under the same root declaration has (KS003)."""
    root = declaration._root_value  # pyright: ignore[reportPrivateUsage]
    names = declaration.names
    _namespaces.claim(root, (), dict(zip(names, declaration.root_ids, strict=True)))
    _namespaces.claim(root, declaration.path, dict(zip(names, declaration.ids, strict=True)))


def declare(
    names: Iterable[object],
    *,
    coordinates: Mapping[str, int] | None = None,
    steps: int = WORD,
    ids: Mapping[str, int] | None = None,
    init: Iterable[str] | None = None,
    impl: str = "threefry2x32",
    layout: int = LAYOUT,
    own_roots: bool = False,
    single: bool = False,
) -> Declaration:
    """Check a declaration whole and build it.

    Raises:
        ValueOutOfRangeError: KS002, a name, range or id is not what it must be.
        UndeclaredStreamError: KS001, ``ids`` or ``init`` names a stream that is not declared.
        StreamIdClashError: KS003, a name is given twice or two ids are equal.
        RestoredStateMismatchError: KS005, the layout is not one that this version knows.
    """
    checked = tuple(check_name(name, "stream", "Streams") for name in names)
    if not checked:
        raise ValueOutOfRangeError(
            "no stream is named",
            where="Streams",
            why="a key is a name; without one there is nothing to make a key from",
            fix='name the streams: Streams(0, "params", "dropout")',
        )
    check_unique(checked)
    _check_layout(layout)
    assigned = assign_ids(checked, (), check_mapping(ids, "ids", '{"dropout": 7}'))
    radix = _radix(steps, check_mapping(coordinates, "coordinates", '{"microbatch": 64}'))
    chosen_init = check_init(checked, init)
    flags = (own_roots, single, layout)
    declaration = Declaration(checked, assigned, assigned, chosen_init, radix, impl, (), *flags)
    claim(declaration)
    return declaration


def _check_layout(layout: object) -> None:
    if type(layout) is not int or layout != LAYOUT:
        raise RestoredStateMismatchError(
            f"layout {layout!r} is not known here",
            where="Streams",
            why="another layout gives other keys to the same names",
            fix=f"use layout={LAYOUT}, or the version of keystream that knows the other",
        )


def _radix(steps: object, coordinates: Mapping[str, object]) -> Radix:
    step_range = _check_size("steps", steps, least=2)
    sizes: list[tuple[str, int]] = []
    for name, size in coordinates.items():
        call = "Streams(..., coordinates=...)"
        checked = check_name(name, "coordinate", call)
        if checked in RESERVED_COORDINATES:
            raise ValueOutOfRangeError(
                f"{name!r} can't be the name of a coordinate",
                where=call,
                why="it is a parameter of key, keys or rngs",
                fix="choose another name, such as 'microbatch'",
            )
        sizes.append((checked, _check_size(f"size of coordinate {name!r}", size, least=1)))
    radix = Radix(step_range, tuple(sizes))
    _check_fit(radix)
    return radix


def _check_size(what: str, value: object, *, least: int) -> int:
    why = "the ranges decide how step and coordinates share the counter's 44 bits"
    size = as_integer(value, what, "Streams", why)
    if not least <= size <= WORD:
        raise ValueOutOfRangeError(
            f"{what} {size} is outside [{least}, 2**32]",
            where="Streams",
            why="steps and coordinates are 32-bit integers",
            fix=f"declare {what} in that range",
        )
    return size


def _check_fit(radix: Radix) -> None:
    if radix.positions <= 2**POSITION_BITS:
        return
    room = 2**POSITION_BITS * radix.steps // radix.positions
    listing = " x ".join(
        f"{name} {size}" for name, size in (("steps", radix.steps), *radix.coordinates)
    )
    raise ValueOutOfRangeError(
        f"steps and coordinates do not fit: {listing} = {radix.positions} > 2**44",
        where="Streams(..., steps=..., coordinates=...)",
        why="a name that does not fit in the counter would wrap onto another name's key",
        fix=f"with these coordinates there is room for steps={room}"
        if room > 1
        else "declare smaller coordinates",
    )
