"""What is known of libraries, by name: each module in `libraries` registers its handlers here."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keystream._lint.values import Made, Value

if TYPE_CHECKING:
    from keystream._lint.calls import Calls


@dataclass(slots=True, eq=False)
class Call:
    """One call of something in a library."""

    name: str
    args: list[Value]
    keywords: dict[str, Value]
    node: ast.AST
    owner: Value | None = None

    def argument(self, position: int | None, *names: str) -> Value | None:
        """An argument by position or name; None where it is not given."""
        if position is not None and position < len(self.args):
            value = self.args[position]
            if any(
                isinstance(arg, Made) and arg.name == "starred" for arg in self.args[: position + 1]
            ):
                return None
            return value
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        return None

    @property
    def surely(self) -> bool:
        """Whether all arguments are seen."""
        return "**" not in self.keywords and not any(
            isinstance(arg, Made) and arg.name == "starred" for arg in self.args
        )


Operation = Callable[["Calls", ast.BinOp, Value, Value], "Value | None"]
Handler = Callable[["Calls", Call], "Value | None"]
LIBRARY: dict[str, Handler] = {}  # by the canonical name of a function
PREFIXES: list[tuple[str, Handler]] = []  # by the beginning of the name
MADE: dict[str, Handler] = {}  # calls of what a library made, by the name of what made it
METHODS: dict[str, list[Handler]] = {}  # methods of anything, by the method's name
OPERATIONS: dict[str, Operation] = {}  # by the name of the operator's node
LOOPS: list[Callable[[Calls, ast.AST, Value], None]] = []  # told of every loop that begins
PICKED: list[Callable[[Calls, ast.Subscript, Value, Value], None]] = []  # told of every index
CALLED: list[Callable[[Calls, Value, ast.Call], None]] = []  # told of every call in source
KINDS: dict[str, Handler] = {}  # calls of transformed functions, by the transformation


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Register what a call of these library functions does."""

    def register(handler: Handler) -> Handler:
        for name in names:
            LIBRARY[name] = handler
        return handler

    return register


def handles_method(*names: str) -> Callable[[Handler], Handler]:
    """Register what a call of a method of this name may do; it answers None where it does not apply."""

    def register(handler: Handler) -> Handler:
        for name in names:
            METHODS.setdefault(name, []).append(handler)
        return handler

    return register
