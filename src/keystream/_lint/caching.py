"""Functions that keep their results, and draw from a state that lives on when they return.

A later call with equal arguments runs nothing: it gets the numbers of the first. What such a function
draws from is compared with what it changes: an attribute, a name of an outer scope, a generator.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keystream._lint.facts import Chain, Fact, Site
from keystream._lint.frames import Heap
from keystream._lint.scope import Scope
from keystream._lint.symbols import Attribute, Constant, HostGenerator, Opaque, Symbol, Value
from keystream._lint.values import Function, Instance, Made

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_CACHES = frozenset({"functools.cache", "functools.lru_cache"})
MOST = 40  # parts of a key that are looked at


@dataclass(slots=True, eq=False)
class Cached:
    """A call of a function that keeps its results, while it is read.

    Attributes:
        begun: what is made later, it made itself.
        depth: how many calls lead to it.
        heap: the attributes of objects before it.
        names: those of the scopes around it.
        used: the keys that it uses, and where.
        advanced: the generators that it draws from, and where.
    """

    begun: Opaque
    depth: int
    heap: Heap
    names: dict[Scope, dict[str, Value]]
    used: list[tuple[Symbol, Site]] = field(default_factory=list[tuple[Symbol, Site]])
    advanced: list[tuple[Opaque, Site]] = field(default_factory=list[tuple[Opaque, Site]])

    def uses(self, key: Symbol, chain: Chain) -> None:
        """A key is used in the call."""
        self.used.append((key, chain[self.depth]))

    def advances(self, sequence: Made | HostGenerator, chain: Chain) -> None:
        """The next numbers of a generator, or key of a sequence of keys, are asked for."""
        identity = sequence.serial if isinstance(sequence, HostGenerator) else sequence.symbol
        if isinstance(identity, Opaque):
            self.advanced.append((identity, chain[self.depth]))


def is_cached(reader: Reader, function: Function) -> bool:
    """Whether a function is decorated to keep its results."""
    wrappers = reader.definitions.wrappers.get(function.node, ())
    return any(wrapper.name in _CACHES for wrapper in wrappers)


def watched(
    reader: Reader, function: Function, scope: Scope, run: Callable[[Function, Scope], Value]
) -> Value:
    """What a function that keeps its results returns, after a look at what it draws from and changes."""
    for value in scope.names.values():
        if isinstance(value, Instance):
            reader.objects.initial(value)  # what its class makes is older than the call
    names: dict[Scope, dict[str, Value]] = {}
    outer = scope.parent
    while outer is not None:
        names[outer] = dict(outer.names)
        outer = outer.parent
    call = Cached(reader.fresh("call"), len(reader.chain), dict(reader.heap), names)
    reader.cached.append(call)
    try:
        return run(function, scope)
    finally:
        reader.cached.pop()
        drawn = next(_drawn(reader, call, scope), None)
        if drawn is not None:
            _note(reader, function, *drawn)


def _note(reader: Reader, function: Function, state: str, site: Site) -> None:
    name = ("draw_cached", function.node)
    if name not in reader.reported:
        reader.reported.add(name)
        data = {"function": function, "state": state, "asked": _is_asked(function)}
        reader.facts.facts.append(Fact("draw_cached", site, (*reader.chain, site), data))


def _is_asked(function: Function) -> bool:
    """Whether a function is told anything, so that it is called for more than one value."""
    arguments: ast.arguments = function.node.args
    given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return len(given) > (function.owner is not None) or arguments.vararg is not None


def _drawn(reader: Reader, call: Cached, scope: Scope) -> Iterator[tuple[str, Site]]:
    """The states that a call draws from and changes, and where it draws."""
    for identity, site in call.advanced:
        if identity.serial < call.begun.serial:
            yield "a generator", site
    changed = {place for place, value in reader.heap.items() if call.heap.get(place) is not value}
    outer = {
        before: name
        for name, around in scope.outer.items()
        if (before := call.names.get(around, {}).get(name)) is not around.names.get(name)
        and isinstance(before, Symbol)
        and not isinstance(before, Constant)
    }
    for key, site in call.used:
        for part in _parts(key):
            if part in outer:
                yield f"`{outer[part]}`", site
            if isinstance(part, Attribute) and (id(part.owner), part.name) in changed:
                yield f"`self.{part.name}`", site
            for place in changed:
                if call.heap.get(place) is part and not isinstance(part, Constant):
                    yield f"`self.{place[1]}`", site


def _parts(key: Symbol) -> list[Symbol]:
    """A key and what it was made of."""
    found = [key]
    for each in found:  # it grows while it is read
        if len(found) > MOST:
            break
        found += [part for part in each.args if isinstance(part, Symbol)]
    return found
