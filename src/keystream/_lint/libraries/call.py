"""A call of something in a library: its arguments, as values and as the source spells them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keystream._lint.facts import text_of
from keystream._lint.symbols import Value
from keystream._lint.values import Made

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


@dataclass(slots=True, eq=False)
class Call:
    """One call of something in a library.

    Attributes:
        name: of what is called: of a function the canonical one, of a method its own.
        args: positional arguments.
        keywords: keyword arguments; ``**`` holds those that are not seen.
        node: the call, or the decorator.
        owner: of a method the object, of an object that is called the object itself.
    """

    name: str
    args: list[Value]
    keywords: dict[str, Value]
    node: ast.AST
    owner: Value | None = None

    def argument(self, position: int | None, *names: str) -> Value | None:
        """An argument by position or name; None where it is not given."""
        if position is not None and position < len(self.args):
            starred = any(map(is_starred, self.args[: position + 1]))
            return None if starred else self.args[position]
        return next((self.keywords[name] for name in names if name in self.keywords), None)

    def source(self, position: int | None, *names: str) -> ast.expr | None:
        """The source of an argument; None where it is not given."""
        if not isinstance(self.node, ast.Call):
            return None
        for keyword in self.node.keywords:
            if keyword.arg in names:
                return keyword.value
        if position is not None and position < len(self.node.args):
            return self.node.args[position]
        return None

    def text(self, position: int | None, *names: str) -> str:
        """The source of an argument, shortened; empty where it is not given."""
        return text_of(self.source(position, *names))

    def made(
        self,
        reader: Reader,
        name: str = "",
        args: list[Value] | None = None,
        keywords: Mapping[str, Value] | None = None,
    ) -> Made:
        """The object that this call makes: of the name under which `table.OBJECTS` knows it."""
        args = self.args if args is None else args
        keywords = dict(self.keywords if keywords is None else keywords)
        name = name or self.name
        return Made(name, args, keywords, self.node, reader.fresh(name), reader.site(self.node))

    @property
    def short(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]

    @property
    def spelt(self) -> str:
        """What is called, as the source spells it."""
        return text_of(getattr(self.node, "func", None))

    @property
    def surely(self) -> bool:
        """Whether all arguments are seen."""
        return "**" not in self.keywords and not any(map(is_starred, self.args))


def is_starred(value: Value) -> bool:
    """Whether an argument stands for several: ``*rest``."""
    return isinstance(value, Made) and value.name == "starred"


@dataclass(frozen=True, slots=True)
class Argument:
    """Where a function takes an argument: at a position, or by one of some names.

    Attributes:
        position: from 0; None where it is taken by name alone.
        names: of the keyword.
    """

    position: int | None
    names: tuple[str, ...]

    def of(self, call: Call) -> Value | None:
        """The argument of a call; None where it is not given."""
        return call.argument(self.position, *self.names)

    def source(self, call: Call) -> ast.expr | None:
        """Its source."""
        return call.source(self.position, *self.names)


def at(position: int | None, *names: str) -> Argument:
    """An argument at a position or under a name: ``at(0, "key")``, ``at(None, "seed")``."""
    return Argument(position, names)


Handler = Callable[["Reader", Call], "Value | None"]  # None where it has nothing to say of a call
