"""Values by the way they came about: one class for each way, its fields what the value was made of.

Symbols are interned (`values.Interning`): two expressions that must have the same value are one object,
so that reuse of a key is a question of identity. Anything that may differ from one evaluation to the
next is `Opaque`.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

# (kind, number): a lane of a vmapped call, an iteration of a loop, a parameter.
Tag = tuple[str, int]


class Value:
    """Anything the reader knows about an expression."""

    __slots__ = ()


@dataclass(slots=True, eq=False, repr=False)
class Symbol(Value):
    """One unknown or constant value.

    Attributes:
        tags: the lanes, iterations and parameters that it depends on.
    """

    tags: frozenset[Tag] = field(default=frozenset(), kw_only=True)

    @property
    def args(self) -> tuple[Any, ...]:
        """What it was made of: symbols, other values and plain constants."""
        found: list[Any] = []
        for name in self.__match_args__:
            part = getattr(self, name)
            found += part if isinstance(part, tuple) else (part,)
        return tuple(found)

    @property
    def parent(self) -> Symbol | None:
        """Of a key the one that it was derived from: the first of what it was made of, if a symbol."""
        names = self.__match_args__
        first = getattr(self, names[0]) if names else None
        return first if isinstance(first, Symbol) else None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.args))})"


@dataclass(slots=True, eq=False, repr=False)
class Constant(Symbol):
    """A literal."""

    value: object


@dataclass(slots=True, eq=False, repr=False)
class Parameter(Symbol):
    """A parameter of a function that is read without its arguments."""

    function: ast.AST
    name: str


@dataclass(slots=True, eq=False, repr=False)
class Attribute(Symbol):
    """An attribute; the version tells how often the object may have changed."""

    owner: Value
    name: str
    version: int = -1


@dataclass(slots=True, eq=False, repr=False)
class Option(Symbol):
    """A value from outside whose default is in the source."""

    owner: Value
    name: str
    default: Any
    version: int = -1


@dataclass(slots=True, eq=False, repr=False)
class Global(Symbol):
    """A name that is bound nowhere."""

    name: str


@dataclass(slots=True, eq=False, repr=False)
class Opaque(Symbol):
    """A value that equals no other."""

    why: str
    serial: int


@dataclass(slots=True, eq=False, repr=False)
class Seed(Symbol):
    """A key made of a number; frameworks that make keys their own way are implementations."""

    number: Value
    implementation: object = None


@dataclass(slots=True, eq=False, repr=False)
class Child(Symbol):
    """One of the keys that `split` returns, or what `fold_in` makes: they are the same."""

    key: Symbol
    index: Symbol


@dataclass(slots=True, eq=False, repr=False)
class Stack(Symbol):
    """The keys that `split` returns."""

    key: Symbol
    count: Symbol


@dataclass(slots=True, eq=False, repr=False)
class KeyArray(Symbol):
    """Keys that `split` returns in an array."""

    key: Symbol
    shape: tuple[Value, ...]


@dataclass(slots=True, eq=False, repr=False)
class StreamKey(Symbol):
    """The key that a framework's stream gives at its n-th asking."""

    key: Symbol
    name: str
    number: int


@dataclass(slots=True, eq=False, repr=False)
class NamedKey(Symbol):
    """A key of `keystream.Streams`, by its name."""

    streams: Symbol
    parts: tuple[Value, ...]
    words: tuple[str, ...] = ()


@dataclass(slots=True, eq=False, repr=False)
class NextKey(Symbol):
    """A key of a sequence that counts."""

    key: Symbol
    count: int


@dataclass(slots=True, eq=False, repr=False)
class KeyData(Symbol):
    """The words of a key."""

    key: Symbol


@dataclass(slots=True, eq=False, repr=False)
class Mask(Symbol):
    """What `bernoulli` draws."""

    probability: Symbol
    drawn: Value


@dataclass(slots=True, eq=False, repr=False)
class Lane(Symbol):
    """One lane of a batch."""

    batch: Symbol
    depth: int


@dataclass(slots=True, eq=False, repr=False)
class Element(Symbol):
    """What a loop's variable is in its first or second turn."""

    iterable: Value
    turn: int


@dataclass(slots=True, eq=False, repr=False)
class Item(Symbol):
    """An element of a collection."""

    owner: Value
    index: Symbol


@dataclass(slots=True, eq=False, repr=False)
class Slice(Symbol):
    """Several elements of a collection."""

    owner: Symbol
    bounds: tuple[Value | None, ...]


@dataclass(slots=True, eq=False, repr=False)
class Repeated(Symbol):
    """A collection each of whose elements is this value."""

    value: Value


@dataclass(slots=True, eq=False, repr=False)
class Listed(Symbol):
    """A comprehension, by its elements in two turns."""

    node: ast.AST
    first: Symbol
    second: Symbol


@dataclass(slots=True, eq=False, repr=False)
class Join(Symbol):
    """One of several values."""

    choices: tuple[Symbol, ...]


@dataclass(slots=True, eq=False, repr=False)
class Range(Symbol):
    """The numbers of a range."""

    bounds: tuple[Value, ...]


@dataclass(slots=True, eq=False, repr=False)
class Count(Symbol):
    """The numbers that `enumerate` counts."""

    start: Value


@dataclass(slots=True, eq=False, repr=False)
class Leaf(Symbol):
    """A leaf of a tree."""

    tree: Symbol
    turn: int


@dataclass(slots=True, eq=False, repr=False)
class Path(Symbol):
    """The path of a leaf."""

    tree: Symbol
    turn: int


@dataclass(slots=True, eq=False, repr=False)
class Called(Symbol):
    """What a pure function returns."""

    function: str
    arguments: tuple[Value, ...]


@dataclass(slots=True, eq=False, repr=False)
class CalledMethod(Symbol):
    """What a method returns that depends on nothing else."""

    owner: Symbol
    name: str
    arguments: tuple[Value, ...] = ()


@dataclass(slots=True, eq=False, repr=False)
class Text(Symbol):
    """An f-string."""

    node: ast.AST
    parts: tuple[Value, ...]


@dataclass(slots=True, eq=False, repr=False)
class Operation(Symbol):
    """What an operator makes of unknown values; `Add`, `Not`, ... as in `ast`."""

    operator: str
    operands: tuple[Symbol, ...]

    @property
    def args(self) -> tuple[Any, ...]:
        """The operands."""
        return self.operands


@dataclass(slots=True, eq=False, repr=False)
class Read(Symbol):
    """What a stateful layer reads from the state that it came with."""

    state: Symbol
    index: Symbol


@dataclass(slots=True, eq=False, repr=False)
class Written(Symbol):
    """A state in which a stateful layer wrote."""

    state: Symbol
    index: Symbol
    value: Symbol


@dataclass(slots=True, eq=False, repr=False)
class Replaced(Symbol):
    """A copy of a record with other values in some fields."""

    owner: Symbol
    copy: Symbol


@dataclass(slots=True, eq=False, repr=False)
class Host(Symbol):
    """A value that is another in every run."""

    name: str
    source: Symbol


@dataclass(slots=True, eq=False, repr=False)
class HostGenerator(Symbol):
    """A generator of the host."""

    name: str
    seeded: Symbol
    serial: Symbol


@dataclass(slots=True, eq=False, repr=False)
class Parser(Symbol):
    """A parser of the command line."""

    serial: Symbol


@dataclass(slots=True, eq=False, repr=False)
class Names(Symbol):
    """The names of streams."""

    names: tuple[str, ...]


@dataclass(slots=True, eq=False, repr=False)
class Place(Symbol):
    """A place in the source."""

    place: Any


@dataclass(slots=True, eq=False, repr=False)
class ModuleName(Symbol):
    """A module of the project."""

    name: str


def is_operation(value: object, *operators: str) -> TypeGuard[Operation]:
    """Whether a value is what one of these operators makes: ``Add``, ``Mult``, ..."""
    return isinstance(value, Operation) and value.operator in operators


def are_symbols(values: Sequence[Value]) -> TypeGuard[Sequence[Symbol]]:
    """Whether all values are symbols: no containers, functions or objects."""
    return all(isinstance(value, Symbol) for value in values)
