"""What an expression may be worth while a program is only read: symbols, containers, functions, objects.

A `Symbol` stands for one unknown or constant value. Symbols are interned: two expressions that must have
the same value are one object, so that reuse of a key is a question of identity. Anything that may differ
from one evaluation to the next is `fresh`.
"""

from __future__ import annotations

import ast
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keystream._lint.scope import Scope

# (kind, number): a lane of a vmapped call, an iteration of a loop, a parameter.
Tag = tuple[str, int]

_serial = itertools.count(1)


class Value:
    """Anything the reader knows about an expression."""

    __slots__ = ()


class Symbol(Value):
    """A value by the way it came about: an operation and its arguments.

    Attributes:
        op: what made it, such as ``const``, ``parameter``, ``child``, ``elem`` or ``opaque``.
        args: of the operation: symbols, other values and plain constants.
        tags: the lanes, iterations and parameters that it depends on.
    """

    __slots__ = ("args", "op", "tags")

    def __init__(self, op: str, args: tuple[Any, ...], tags: frozenset[Tag]) -> None:
        self.op = op
        self.args = args
        self.tags = tags

    def __repr__(self) -> str:
        return f"{self.op}({', '.join(map(repr, self.args))})"


class Interning:
    """The table that makes equal symbols one object; one per file that is read."""

    def __init__(self) -> None:
        self._table: dict[tuple[Any, ...], Symbol] = {}

    def symbol(self, op: str, *args: Any, tags: frozenset[Tag] = frozenset()) -> Symbol:
        """The one symbol with this operation and these arguments."""
        name = (op, *(_identity(argument) for argument in args))
        found = self._table.get(name)
        if found is None:
            for argument in args:
                if isinstance(argument, Value):
                    tags = tags | tags_of(argument)
            found = self._table[name] = Symbol(op, args, tags)
        return found

    def constant(self, value: object) -> Symbol:
        """The symbol of a literal."""
        return self.symbol("const", value)

    def fresh(self, why: str = "", tags: frozenset[Tag] = frozenset()) -> Symbol:
        """A symbol that equals no other."""
        return Symbol("opaque", (why, next(_serial)), tags)


def _identity(argument: Any) -> Any:
    if isinstance(argument, Value | ast.AST):
        return id(argument)
    return (type(argument).__name__, repr(argument) if isinstance(argument, float) else argument)


@dataclass(slots=True, eq=False)
class Sequence(Value):
    """A tuple or list whose elements are known; ``rest`` stands for unknown further ones."""

    items: list[Value]
    rest: Value | None = None


@dataclass(slots=True, eq=False)
class Mapping(Value):
    """A dictionary with known keys; `complete` unless it may hold more."""

    items: dict[Any, Value]
    complete: bool = True


@dataclass(slots=True, eq=False)
class Reference(Value):
    """A name in a library: ``jax.random.normal``."""

    name: str


@dataclass(slots=True, eq=False)
class Function(Value):
    """A function of the files that are read, with the scope that it closes over."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    name: str
    owner: Class | None = None
    bound: Value | None = None
    defaults: dict[str, Value] = field(default_factory=dict[str, Value])


@dataclass(slots=True, eq=False)
class Class(Value):
    """A class of the files that are read."""

    node: ast.ClassDef
    scope: Scope
    name: str
    bases: list[Value]
    attributes: dict[str, Value]
    fields: list[str]


@dataclass(slots=True, eq=False)
class Switched:
    """That a model was put in inference mode: where, and on which branches."""

    site: Any
    arms: tuple[tuple[Any, Any], ...]


@dataclass(slots=True, eq=False)
class Instance(Value):
    """An object of a class of ours; its attributes live in the machine's heap."""

    cls: Class
    symbol: Symbol
    known: bool = True
    switched: Switched | None = None


@dataclass(slots=True, eq=False)
class Made(Value):
    """What a library's class or factory returned: a layer, a transformed function, a sequence of keys.

    Attributes:
        name: the library's name of what made it, such as ``flax.linen.Dropout``.
        args: positional arguments.
        keywords: keyword arguments.
        node: the call.
        symbol: its identity.
        place: the file and function where the call stands.
    """

    name: str
    args: list[Value]
    keywords: dict[str, Value]
    node: ast.AST
    symbol: Symbol
    place: Any = None


@dataclass(slots=True, eq=False)
class Partial(Value):
    """`functools.partial` of anything callable."""

    function: Value
    args: list[Value]
    keywords: dict[str, Value]


@dataclass(slots=True, eq=False)
class Wrapped(Value):
    """A callable under a transformation: ``jit``, ``vmap``, ``grad``, ``remat``, ...

    Attributes:
        kind: the transformation.
        function: what is transformed.
        options: its keyword arguments, positional ones by their usual names.
        node: the call or decorator that transforms.
        name: the library's name of the transformation.
    """

    kind: str
    function: Value
    options: dict[str, Value]
    node: ast.AST
    name: str = ""


@dataclass(slots=True, eq=False)
class Method(Value):
    """An attribute of something that is no plain value: ``net.apply``, ``state.apply_fn``."""

    owner: Value
    name: str


def tags_of(value: Value) -> frozenset[Tag]:
    """The lanes, iterations and parameters that a value depends on."""
    if isinstance(value, Symbol):
        return value.tags
    if isinstance(value, Sequence):
        found = frozenset[Tag]().union(*(tags_of(item) for item in value.items))
        return found | tags_of(value.rest) if value.rest is not None else found
    if isinstance(value, Mapping):
        return frozenset[Tag]().union(*(tags_of(item) for item in value.items.values()))
    if isinstance(value, Instance | Made):
        return value.symbol.tags
    if isinstance(value, Method):
        return tags_of(value.owner)
    return frozenset()


def constant_of(value: Value | None, missing: object = None) -> Any:
    """The literal behind a value, or `missing`."""
    if isinstance(value, Symbol) and value.op == "const":
        return value.args[0]
    return missing


def usual(value: Value | None, missing: object = None) -> object:
    """The literal behind a value; of an option, its default."""
    if isinstance(value, Symbol) and value.op == "option":
        return value.args[2]
    return constant_of(value, missing)


def is_constant(value: Value | None) -> bool:
    """Whether a value is a literal."""
    return isinstance(value, Symbol) and value.op == "const"


def root_of(symbol: Symbol) -> Symbol:
    """Where a key's derivation begins: a seed, a parameter, or what could not be followed."""
    while symbol.op in (
        "child",
        "stack",
        "index",
        "lane",
        "stream",
        "elem",
        "next",
        "named",
        "data",
    ):
        parent = symbol.args[0]
        if not isinstance(parent, Symbol):
            break
        symbol = parent
    return symbol
