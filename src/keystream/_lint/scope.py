"""Names and where they are bound: one scope a module, function or class."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from keystream._evidence.source import hold
from keystream._lint.symbols import Value


def absolute(name: str, level: int, module: str, *, is_package: bool) -> str:
    """The whole name of a module that is imported, with some dots before it or none.

    Args:
        name: of the file that imports it.
        level: how many dots there are.
        module: what stands behind them.
        is_package: whether the file is an ``__init__.py``.
    """
    if not level:
        return module
    parts = name.split(".") if name else []
    drop = level - is_package
    kept = parts[: len(parts) - drop] if drop else parts
    return ".".join([*kept, module] if module else kept)


@dataclass(slots=True, eq=False)
class Unit:
    """One module or notebook that is read.

    Attributes:
        path: as it is shown to the user.
        name: dotted name, for relative imports; empty where there is none.
        tree: its parsed source.
        is_package: whether it is an ``__init__.py``.
    """

    path: str
    name: str
    tree: ast.Module
    is_package: bool = False

    def __post_init__(self) -> None:
        hold(self.path, self.tree)


@dataclass(slots=True, eq=False)
class Scope:
    """Bindings of one module, function call or class body."""

    unit: Unit
    kind: str  # "module", "function" or "class"
    name: str
    parent: Scope | None = None
    names: dict[str, Value] = field(default_factory=dict[str, Value])
    outer: dict[str, Scope] = field(default_factory=dict)  # by `global` and `nonlocal`

    def find(self, name: str) -> Value | None:
        """The value bound to a name here or in an enclosing scope."""
        scope: Scope | None = self
        first = True
        while scope is not None:
            if first or scope.kind != "class":
                value = scope.names.get(name)
                if value is not None:
                    return value
            scope, first = scope.parent, False
        return None

    def bind(self, name: str, value: Value) -> None:
        """Bind a name in this scope, or where `global` or `nonlocal` says."""
        self.outer.get(name, self).names[name] = value

    def holder(self, name: str) -> Scope:
        """The scope that a name is bound in, as seen from here; this one where there is none."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope
            scope = scope.parent
        return self

    @property
    def module(self) -> Scope:
        """The scope of the module around this one."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def qualified(self, name: str) -> str:
        """The qualified name of something defined here."""
        return name if self.kind == "module" else f"{self.name}.{name}"
