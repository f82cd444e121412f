"""What is under way while a file is read: functions, batches, streams that are served."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import Any

from keystream._lint.facts import Chain, Site, Turn
from keystream._lint.scope import Scope
from keystream._lint.symbols import Value

Heap = dict[tuple[int, str], Value]  # attributes of objects, by the object's identity and a name


@dataclass(slots=True, eq=False)
class Mapped:
    """A batching transformation that is being read: one lane stands for all."""

    kind: str  # "vmap", "pmap" or "shard_map"
    depth: int
    site: Site
    chain: Chain
    names: tuple[str, ...] = ()  # of the parameters that have a lane
    shared: tuple[str, ...] = ()  # of those that have none
    explicit: bool = False
    positions: tuple[int, ...] = ()  # of the arguments that have a lane

    @property
    def wrapped(self) -> Site | None:
        """Where the function was wrapped; None where that is not seen."""
        node = getattr(self.site.callee, "node", None)
        if not isinstance(node, ast.expr | ast.stmt):
            return None
        return replace(self.site, node=node, line=node.lineno, column=node.col_offset + 1)

    @property
    def name(self) -> str:
        """The library's name of the transformation."""
        return getattr(self.site.callee, "name", "")


@dataclass(slots=True, eq=False)
class Streams:
    """The streams that a call of ``init`` or ``apply`` serves."""

    kind: str  # "init" or "apply"
    keys: dict[str, Value]
    complete: bool  # whether `keys` are all
    single: bool  # whether one key was given without names
    site: Site
    chain: Chain
    framework: str = "linen"
    drawn: dict[str, int] = field(default_factory=dict[str, int])
    hidden: frozenset[str] = frozenset()
    places: dict[str, set[Any]] = field(default_factory=dict[str, set[Any]])  # modules that draw


@dataclass(slots=True, eq=False)
class Frame:
    """A function that is being read."""

    scope: Scope
    node: ast.AST
    turns: tuple[Turn, ...] = ()
    returns: list[Value] = field(default_factory=list[Value])
    yields: list[Value] = field(default_factory=list[Value])
    paused: Heap | None = None  # objects' attributes where a context manager yields
    owner: Any = None
    target: str = ""  # of the assignment that is being read
    statement: ast.stmt | None = None  # that is being read
