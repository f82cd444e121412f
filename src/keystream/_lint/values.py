"""What an expression may be worth while a program is only read: symbols, containers, objects."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec, TypeGuard, TypeVar

from keystream._lint.symbols import (
    Child,
    Constant,
    Element,
    Item,
    KeyData,
    Lane,
    NamedKey,
    NextKey,
    Opaque,
    Option,
    Stack,
    StreamKey,
    Symbol,
    Tag,
    Value,
)

if TYPE_CHECKING:
    from keystream._lint.scope import Scope

Fields = ParamSpec("Fields")
Kind = TypeVar("Kind", bound=Symbol)

_serial = itertools.count(1)
_HASHED = frozenset(
    {str, int, bool, bytes, type(None)}
)  # literals that differ wherever they are unequal


class Interning:
    """The table that makes equal symbols one object; one per file that is read."""

    def __init__(self) -> None:
        self._table: dict[tuple[Any, ...], Symbol] = {}
        self._constants: dict[tuple[type, object], Constant] = {}  # the same, of plain literals

    def symbol(
        self, kind: Callable[Fields, Kind], *args: Fields.args, **more: Fields.kwargs
    ) -> Kind:
        """The one symbol of a kind with these fields; it depends on what they depend on."""
        name = (kind, *map(_identity, args))
        found: Any = self._table.get(name)
        if found is None:
            found = self._table[name] = kind(*args, **more)
            for part in found.args:
                if isinstance(part, Value):
                    found.tags |= tags_of(part)
        return found

    def constant(self, value: object) -> Constant:
        """The symbol of a literal."""
        kind = type(value)
        if kind not in _HASHED:
            return self.symbol(Constant, value)
        found = self._constants.get((kind, value))
        if found is None:
            found = self._constants[kind, value] = self.symbol(Constant, value)
        return found

    def fresh(self, why: str = "", tags: frozenset[Tag] = frozenset()) -> Opaque:
        """A symbol that equals no other."""
        return Opaque(why, next(_serial), tags=tags)


def _identity(part: Any) -> Any:
    """What two equal parts have in common: 1, 1.0 and True differ, and so do 0.0 and -0.0."""
    kind = type(part)
    if kind is str or isinstance(part, Value | ast.AST):  # these compare by identity
        return part
    if kind is tuple:
        return tuple(map(_identity, part))
    return (kind, repr(part) if kind is float else part)


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
    return value.value if isinstance(value, Constant) else missing


def usual(value: Value | None, missing: object = None) -> object:
    """The literal behind a value; of an option, its default."""
    return value.default if isinstance(value, Option) else constant_of(value, missing)


def is_constant(value: Value | None) -> TypeGuard[Constant]:
    """Whether a value is a literal."""
    return isinstance(value, Constant)


def root_of(symbol: Symbol) -> Symbol:
    """Where a key's derivation begins: a seed, a parameter, or what could not be followed."""
    while True:
        match symbol:
            case (
                Child(parent)
                | Stack(parent)
                | StreamKey(parent)
                | NextKey(parent)
                | KeyData(parent)
            ):
                pass
            case Item(parent) | Lane(parent) | Element(parent) | NamedKey(parent):
                pass
            case _:
                return symbol
        if not isinstance(parent, Symbol):
            return symbol
        symbol = parent
