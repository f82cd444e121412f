"""What the reader saw that a rule may judge: places, uses of keys, and facts about them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from keystream._findings import Location
from keystream._lint.symbols import Symbol, Value
from keystream._lint.values import constant_of, is_constant
from keystream._lint.walking import kept


@dataclass(frozen=True, slots=True)
class Turn:
    """One of the two iterations in which a loop is read."""

    node: ast.AST
    number: int
    kind: str  # "for", "while", "comprehension", "scan", "map", "tree_map", ...
    line: int
    graded: int = 0  # gradients under which the loop runs


@dataclass(frozen=True, slots=True)
class Site:
    """A place in a chain of calls, outermost first.

    Attributes:
        path: the file.
        line: from 1.
        column: from 1.
        function: the qualified name around it.
        node: the call.
        turns: the loops of this function that are being read, outermost first.
        callee: what is called, where it is a function of the user's.
        target: what its value is assigned to; empty where it is not.
        statement: that holds it.
        around: the function or module that holds it.
        graded: how many gradients it stands under.
    """

    path: str
    line: int
    column: int
    function: str
    node: ast.AST
    turns: tuple[Turn, ...] = ()
    callee: Any = None
    target: str = ""
    statement: ast.stmt | None = None
    around: ast.AST | None = None
    graded: int = 0

    @property
    def text(self) -> str:
        """What is called, as the source spells it."""
        function = self.node.func if isinstance(self.node, ast.Call) else self.node
        named = isinstance(function, ast.Name | ast.Attribute | ast.Subscript)
        return text_of(function) if named else ""

    def location(self, message: str = "") -> Location:
        """The place as findings want it."""
        return Location(self.path, self.line, self.column, self.function, message)


Chain = tuple[Site, ...]
Arms = tuple[tuple[Any, Any], ...]


@dataclass(slots=True, eq=False)
class Use:
    """A key was drawn from, split, folded or handed to something that will.

    Attributes:
        kind: ``draw``, ``split``, ``fold``, ``layer`` (a library's layer initialised with it), ``init``
            (a model initialised with it), ``apply`` (a model run with it), ``handed`` (given to a
            function that is not known, which likely draws from it) or ``kept`` (put in an object or
            returned, for later use).
        name: what used it, such as ``jax.random.normal``.
        key: the key.
        chain: the calls that led there.
        arms: the branches taken.
        text: the key as the source spells it.
        extra: what else tells uses apart: the model, the fold's datum.
        graded: how many gradients it stands under.
    """

    kind: str
    name: str
    key: Symbol
    chain: Chain
    arms: Arms
    text: str = ""
    extra: Any = None
    graded: int = 0
    count: int = 1
    discarded: bool = False  # whether what is drawn is thrown away, as an initialisation does
    baked: bool = False  # whether the key is a constant of a compiled function
    alike: bool = False  # whether nothing that the call is given differs over a batch
    told_axis: bool = False  # whether the call is given the name of an axis, to fold its index in


@dataclass(slots=True, eq=False)
class Fact:
    """Something seen at one place; `kind` says what, `data` holds the details."""

    kind: str
    site: Site
    chain: Chain = ()
    data: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Unread:
    """A child of a split that is given a name which nothing reads."""

    name: str
    site: Site


@dataclass(frozen=True, slots=True)
class Key:
    """A name for a key that nothing in its function reads.

    Attributes:
        name: of the variable or parameter.
        site: where it is bound.
        around: the function or module.
        made: whether it is seen to be a key; else only its name says so.
    """

    name: str
    site: Site
    around: ast.AST
    made: bool = True


@dataclass(slots=True, eq=False)
class Repeat:
    """Two uses of one key that can meet in one run.

    Attributes:
        first: the earlier use.
        second: the later use.
        level: the index in both chains where they part.
        turn: the loop whose iterations they are; None for two places.
        routes: how the key was made, each time: ``split`` or ``fold``, with its site.
        origins: where the key and what it descends from were derived or made, nearest first.
    """

    first: Use
    second: Use
    level: int
    turn: Turn | None
    routes: tuple[tuple[str, Site], ...] = ()
    origins: tuple[Site, ...] = ()
    users: set[ast.AST] = field(
        default_factory=set[ast.AST]
    )  # calls that take what it was split into

    @property
    def site(self) -> Site:
        """Where the later use stands, in the function in which the two part."""
        return self.second.chain[self.level]

    @property
    def earlier(self) -> Site:
        """Where the earlier use stands, in the same function."""
        return self.first.chain[self.level]


@dataclass(slots=True, eq=False)
class Facts:
    """All that was seen in one file."""

    repeats: list[Repeat] = field(default_factory=list[Repeat])
    facts: list[Fact] = field(default_factory=list[Fact])
    draws: dict[Symbol, list[Use]] = field(default_factory=dict)  # by the root of their keys
    defaults: set[Symbol] = field(default_factory=set[Symbol])  # keys that definitions hold
    defaulted: set[tuple[ast.AST, str]] = field(
        default_factory=set[tuple[ast.AST, str]]
    )  # by calls
    left_out: dict[Symbol, Fact] = field(default_factory=dict)  # by the default key, calls without
    given: set[tuple[ast.AST, str]] = field(default_factory=set[tuple[ast.AST, str]])  # by calls
    objects: set[ast.AST] = field(
        default_factory=set[ast.AST]
    )  # calls that make objects of the project
    deriving: set[ast.AST] = field(default_factory=set[ast.AST])  # calls that make or derive keys
    unread: dict[Symbol, list[Unread]] = field(default_factory=dict)  # by the key that was split
    unread_keys: list[Key] = field(default_factory=list[Key])
    wide: bool = False  # whether the program switches 64-bit numbers on
    trained: set[ast.AST] = field(default_factory=set[ast.AST])  # layers that draw under a gradient
    # names that are printed or logged, each with the function that does it
    printed: set[tuple[ast.AST | None, str]] = field(
        default_factory=set[tuple["ast.AST | None", str]]
    )

    def of(self, kind: str) -> list[Fact]:
        """The facts of one kind, in the order in which they were seen."""
        return [fact for fact in self.facts if fact.kind == kind]


def text_of(node: ast.AST | None, limit: int = 60) -> str:
    """Source of an expression, shortened."""
    if node is None:
        return ""
    if isinstance(node, ast.Name):
        return node.id
    text = _unparsed(node)
    return text if len(text) <= limit else text[: limit - 1] + "…"


@kept
def _unparsed(node: ast.AST) -> str:
    """Source of an expression on one line: once a node, which is read in many calls and turns."""
    try:
        return " ".join(ast.unparse(node).split())
    except (ValueError, RecursionError, AttributeError):
        return ""


def value_text(value: Value | None) -> str:
    """A constant as source."""
    return repr(constant_of(value)) if is_constant(value) else ""
