"""The state of a reading: scopes, calls under way, branches taken, loops entered, keys used.

A function is read by walking it once along every branch, a loop by walking its body twice: a key that
both walks draw from is the same in every iteration. A call of a function of the same project is walked
too, with what is known of its arguments.
"""

from __future__ import annotations

import ast
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from keystream._lint.caching import Cached
from keystream._lint.facts import Arms, Chain, Fact, Facts, Repeat, Site, Turn, Use
from keystream._lint.frames import Frame, Heap, Mapped, Streams
from keystream._lint.lookups import origin_of
from keystream._lint.scope import Scope
from keystream._lint.symbols import (
    Constant,
    Join,
    Lane,
    Listed,
    Opaque,
    Repeated,
    Replaced,
    Stack,
    Symbol,
    Tag,
    Value,
    Written,
)
from keystream._lint.values import Instance, Interning, Made, Mapping, Sequence, root_of

_HOLDERS = Written | Repeated | Replaced | Listed | Join  # symbols of what holds other values
MAX_DEPTH = 12  # of calls that are followed
MAX_USES = 12  # remembered for one key
MAX_ORIGINS = 8  # steps from a key towards its root that are named
MAX_REPEATS = 8  # of one use; the first say what there is to say


class _Arm:
    """The reading of one branch: no generator, since every test of a program enters two of them."""

    __slots__ = ("state", "taken")

    def __init__(self, state: State, taken: tuple[Any, Any]) -> None:
        self.state = state
        self.taken = taken

    def __enter__(self) -> None:
        self.state.arms.append(self.taken)

    def __exit__(self, *_: object) -> None:
        self.state.arms.pop()


class State:
    """What changes while a file is read; the walkers build on it."""

    def __init__(self, budget: int) -> None:
        self.table = Interning()
        self.facts = Facts()
        self.frames: list[Frame] = []
        self.chain: list[Site] = []
        self.arms: list[tuple[Any, Any]] = []
        self.mapped: list[Mapped] = []
        self.streams: list[Streams] = []
        self.jitted: list[Site] = []
        self.graded = 0
        self.compiling: Any = None  # the outermost compiled call that is being read
        self.compiled: dict[int, tuple[Any, list[Arms]]] = {}  # by function, its calls
        self.traced: list[Site] = []  # loops of JAX, whose body runs once, while it is traced
        self.hushed = 0  # inside abstract evaluation
        self.uses: dict[Symbol, list[Use]] = {}
        self.routes: dict[Symbol, list[tuple[str, Site]]] = {}
        self.heap: dict[tuple[int, str], Value] = {}
        self.logs: list[dict[tuple[int, str], Value | None]] = []
        self.kept: list[Any] = []  # so that an id is not given twice
        self.versions: dict[int, int] = {}
        self.active: list[ast.AST] = []
        self.steps = 0
        self.limit = budget
        self.users: dict[Symbol, set[ast.AST]] = {}
        self.reported: set[Any] = set()
        self.numbered: dict[Any, Symbol] = {}  # by place, calls and key: the first seed or datum
        self.weighed: set[tuple[ast.AST, Symbol]] = set()  # by place, the seeds that were looked at
        self.covered: set[ast.AST] = set()
        self.cached: list[Cached] = []  # calls under way of functions that keep their results
        # by function and arguments, what a call of one that keeps its results returned
        self.remembered: dict[Any, dict[Any, Value]] = {}
        self.remembering: set[ast.AST] = set()  # functions that return what a gradient needs
        self.default_keys = self.facts.defaults
        self.left_out = self.facts.left_out
        self.jit_arguments: set[Symbol] = set()

    # Where we are.

    @property
    def frame(self) -> Frame:
        """The function that is being read."""
        return self.frames[-1]

    @property
    def scope(self) -> Scope:
        """Its scope."""
        return self.frames[-1].scope

    def site(self, node: ast.AST, callee: Any = None) -> Site:
        """The place of a node in the function that is being read."""
        scope = self.scope
        return Site(
            scope.unit.path,
            getattr(node, "lineno", 0),
            getattr(node, "col_offset", -1) + 1,
            scope.name or "<module>",
            node,
            self.frame.turns,
            callee,
            self.frame.target,
            self.frame.statement,
            self.frame.node,
            self.graded,
        )

    def turns(self) -> dict[ast.AST, int]:
        """The loops that are being read, in this function and those that called it, and their turns."""
        sites = (*(turn for site in self.chain for turn in site.turns), *self.frame.turns)
        return {turn.node: turn.number for turn in sites}

    def exhausted(self) -> bool:
        """Whether this entry has cost enough."""
        return self.steps > self.limit

    # Symbols.

    def fresh(self, why: str = "", *depends: Value) -> Opaque:
        """A value that equals no other; it may depend on every lane."""
        tags: frozenset[Tag] = frozenset()
        if self.mapped:
            tags = frozenset(("lane", mapped.depth) for mapped in self.mapped)
        for value in depends:
            if isinstance(value, Symbol):
                tags |= value.tags
        return self.table.fresh(why, tags)

    # Facts.

    def fact(self, kind: str, node: ast.AST, /, **data: Any) -> None:
        """Put something down, once for every place and kind."""
        if self.hushed:
            return
        name = (kind, node)
        if name in self.reported:
            return
        self.reported.add(name)
        site = self.site(node)
        self.facts.facts.append(Fact(kind, site, (*self.chain, site), data))

    # Uses of keys.

    def use(self, key: Value, kind: str, name: str, node: ast.AST, **more: Any) -> None:
        """Note that a key was used, and whether that repeats an earlier use."""
        if not isinstance(key, Symbol) or isinstance(key, Constant):
            return
        chain = (*self.chain, self.site(node))
        for call in self.cached:
            call.uses(key, chain)
        if self.hushed:
            return
        if self.left_out and (fact := self.left_out.get(root_of(key))) and kind != "split":
            fact.data["drawn"] = chain
        use = Use(kind, name, key, chain, tuple(self.arms), graded=self.graded, **more)
        if kind in ("handed", "apply") and not use.name.endswith(".init") and not use.told_axis:
            self._lanes(use, declared=not use.alike)
        if kind in ("draw", "init"):
            self._lanes(use)
        if kind == "draw":
            use.discarded = bool(self.streams) and self.streams[-1].kind == "init"
            self.facts.draws.setdefault(origin_of(key), []).append(use)
        self.taken(key, node)
        earlier = self.uses.setdefault(key, [])
        for first in earlier:
            if kind == "fold" and first.kind == "fold":
                continue  # equal data give an equal key, whose uses tell
            if first.count > MAX_REPEATS or exclusive(first.arms, use.arms):
                continue
            first.count += 1
            self._repeat(first, use)
        if len(earlier) < MAX_USES:
            earlier.append(use)

    def _repeat(self, first: Use, second: Use) -> None:
        level, turn = _parting(first.chain, second.chain)
        if level < 0:
            return
        root = root_of(second.key)
        routes = tuple(self.routes.get(second.key, ()))
        if root is not second.key:
            routes += tuple(self.routes.get(root, ()))
        users = self.users.setdefault(second.key, set())
        found = Repeat(first, second, level, turn, routes, self.origins(second.key), users)
        self.facts.repeats.append(found)

    def taken(self, key: Value, node: ast.AST) -> None:
        """Note that a call takes a key, for the keys that it was split from."""
        parent = key.parent if isinstance(key, Symbol) else None
        for _ in range(3):
            if parent is None:
                return
            self.users.setdefault(parent, set()).add(node)
            parent = parent.parent

    def _lanes(self, use: Use, *, declared: bool = False) -> None:
        """Note the outermost batch all of which draws from this key; `declared`: by its `in_axes`."""
        for mapped in self.mapped:
            if declared and not mapped.explicit:
                continue
            if use.kind == "init" and mapped.kind != "vmap":
                continue  # replicas should begin alike
            if ("lane", mapped.depth) in use.key.tags:
                continue
            name = ("shared", mapped.site.node)
            if name not in self.reported:
                self.reported.add(name)
                self.facts.facts.append(
                    Fact(
                        "shared",
                        mapped.site,
                        mapped.chain,
                        {"mapped": mapped, "use": use, "origins": self.origins(use.key)},
                    )
                )
            return

    def origins(self, key: Symbol) -> tuple[Site, ...]:
        """Where a key and what it descends from were derived or made, nearest first."""
        found: dict[ast.AST, Site] = {}
        for _ in range(MAX_ORIGINS):
            for _, site in self.routes.get(key, ())[-2:]:
                found.setdefault(site.node, site)
            if key.parent is None:
                break
            key = key.parent
        return tuple(found.values())

    def route(self, key: Symbol, kind: str, node: ast.AST) -> None:
        """Note by which derivation a key was made."""
        if self.hushed:
            return
        self.facts.deriving.add(node)
        found = self.routes.setdefault(key, [])
        if len(found) < MAX_USES:
            found.append((kind, self.site(node)))

    # Contexts.

    def arm(self, branch: Any, choice: Any) -> _Arm:
        """Read one branch of several that exclude each other."""
        return _Arm(self, (branch, choice))

    @contextmanager
    def turn(self, turn: Turn) -> Generator[None]:
        """Read one iteration of a loop."""
        frame = self.frame
        before = frame.turns
        frame.turns = (*before, turn)
        try:
            yield
        finally:
            frame.turns = before

    def lane(self, value: Value, depth: int) -> Value:
        """One lane of a batched value."""
        own = frozenset({("lane", depth)})
        match value:
            case Repeated(Symbol() as inner):
                return inner
            case Constant():  # a number in the place of an array: unknown, but None stays None
                return value if value.value is None else self.table.fresh("lane", own)
            case Stack():
                return self.table.symbol(Lane, self.children(value.key), depth, tags=own)
            case Symbol():
                return self.table.symbol(Lane, value, depth, tags=own)
            case Sequence():
                return Sequence([self.lane(item, depth) for item in value.items])
            case Mapping():
                items = {name: self.lane(item, depth) for name, item in value.items.items()}
                return Mapping(items, value.complete)
            case Instance():
                symbol = self.table.symbol(Lane, value.symbol, depth, tags=own)
                return Instance(value.cls, symbol, known=False)
            case Made():
                return replace(value, symbol=self.table.fresh("lane", own))
            case _:
                return value

    def children(self, key: Symbol) -> Stack:
        """The keys that a key is split into, whatever their number: lanes of both are equal."""
        return self.table.symbol(Stack, key, self.table.constant(None))

    def symbols_in(self, value: Value, depth: int = 0) -> Iterator[Symbol]:
        """The symbols that a value is made of."""
        parts: Iterable[Any] = ()
        match value:
            case Stack():
                yield value
                yield self.children(value.key)  # its lanes are arguments as well
            case Symbol():
                yield value
                parts = value.args if isinstance(value, _HOLDERS) else ()
            case Sequence():
                parts = value.items
            case Mapping():
                parts = value.items.values()
            case Instance() | Made():
                yield value.symbol
                owner = id(_identity(value))
                parts = [item for (place, _), item in self.heap.items() if place == owner]
            case _:
                pass
        if depth <= 8:  # objects may hold each other
            for part in parts:
                if isinstance(part, Value):
                    yield from self.symbols_in(part, depth + 1)

    # The heap.

    def load(self, owner: Value, name: str) -> Value | None:
        """The attribute of an object, where it was set."""
        return self.heap.get(self.place(owner, name))

    def place(self, owner: Value, name: str) -> tuple[int, str]:
        """Where the heap holds the attribute of an object."""
        return id(_identity(owner)), name

    def store(self, owner: Value, name: str, value: Value) -> None:
        """Set the attribute of an object."""
        owner = _identity(owner)
        self.kept.append(owner)
        self.write((id(owner), name), value)

    def write(self, place: tuple[int, str], value: Value | None) -> None:
        if self.logs:
            self.logs[-1].setdefault(place, self.heap.get(place))
        if value is None:
            self.heap.pop(place, None)
        else:
            self.heap[place] = value

    def restore(self, now: Heap, then: Heap) -> None:
        """Undo what was stored in objects between two states."""
        for place in now.keys() | then.keys():
            if now.get(place) is not then.get(place):
                self.write(place, then.get(place))

    @contextmanager
    def aside(self) -> Generator[dict[tuple[int, str], Value]]:
        """Take back afterwards what is stored in objects, and say what it was."""
        log: dict[tuple[int, str], Value | None] = {}
        changes: dict[tuple[int, str], Value] = {}
        self.logs.append(log)
        try:
            yield changes
        finally:
            self.logs.pop()
            for place, before in log.items():
                now = self.heap.get(place)
                if now is not None:
                    changes[place] = now
                if before is None:
                    self.heap.pop(place, None)
                else:
                    self.heap[place] = before

    def version(self, owner: Value) -> int:
        """How often an object may have changed without our seeing how."""
        return self.versions.get(id(owner), 0)

    def changed(self, owner: Value) -> None:
        """An object may have changed."""
        self.kept.append(owner)
        self.versions[id(owner)] = self.versions.get(id(owner), 0) + 1


def _identity(owner: Value) -> Value:
    return owner.symbol if isinstance(owner, Instance) else owner


def exclusive(first: Arms, second: Arms) -> bool:
    """Whether two paths can't be of one run."""
    if not first or not second:
        return False
    taken = dict(first)
    for branch, choice in second:
        other = taken.get(branch, choice)
        if other is not choice and other != choice:
            return True
    return False


def _parting(first: Chain, second: Chain) -> tuple[int, Turn | None]:
    """Where two chains of calls part: the index, and the loop if it is one."""
    for index, (one, other) in enumerate(zip(first, second, strict=False)):
        if one.node is not other.node:
            # the loop counts if the two stand in different iterations of it
            for here, there in zip(one.turns, other.turns, strict=False):
                if here.node is there.node and here.number != there.number:
                    return index, there
            return index, None
        for here, there in zip(one.turns, other.turns, strict=False):
            if here.node is not there.node:
                break
            if here.number != there.number:
                return index, there
    return -1, None
