"""The rewrite of one root key while it is being made."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from keystream._lint.repairs import Edit
from keystream._migrate.module import Module, Refused, Scope
from keystream._migrate.naming import Names


@dataclass(frozen=True, slots=True)
class Root:
    """Where the keys of a scope come from.

    Attributes:
        scope: the function, or the module.
        name: of the variable that holds the key.
        line: where that is bound.
        source: what `Streams` is made of: the text of a seed, or of a key.
        options: further arguments of `Streams`, as text.
        made: the statement that makes the key; None for a parameter.
        pair: of ``key, x = jax.random.key(0), 1`` the key's variable and value; None otherwise.
    """

    scope: Scope
    name: str
    line: int
    source: str
    options: str = ""
    made: ast.stmt | None = None
    pair: tuple[ast.Name, ast.expr] | None = None


@dataclass(slots=True)
class Draft:
    """A rewrite that is being made.

    Attributes:
        module: the file.
        root: the key.
        variable: an expression for the `Streams`.
        names: its streams.
        edits: of the text; a key in them is a mark until all are known.
        counter: a variable that counts on through loops of JAX; empty for none.
        opening: statements that follow the one that makes the `Streams`.
        parts: what has to be rewritten together with it, by identity: functions, classes.
        refused: why it is left as it is.
        is_split: whether it splits the key.
    """

    module: Module
    root: Root
    variable: str
    names: Names
    edits: list[Edit] = field(default_factory=list[Edit])
    parts: set[ast.AST] = field(default_factory=set[ast.AST])
    counter: str = ""
    opening: list[str] = field(default_factory=list[str])
    refused: Refused | None = None
    is_split: bool = False
    _keys: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    _whole: bool = True

    def key(self, role: str, step: str) -> str:
        """A mark for the key of a new stream at a step."""
        self._keys.append((self.variable, self.names.new(role), step))
        return f"\0{len(self._keys) - 1}\0"

    def keys(self, role: str, step: str, number: str) -> str:
        """A batch of keys of a new stream."""
        self._whole = False
        return f'{self.variable}.keys("{self.names.new(role)}", {step}, {number})'

    def needs_streams(self) -> None:
        """Say that the `Streams` itself is handed on."""
        self._whole = False

    @property
    def is_straight(self) -> bool:
        """Whether a seed's key is only used as it is and in no loop: equal draws may be meant."""
        steps = {step for _, _, step in self._keys}
        return (
            self.root.made is not None
            and self._whole
            and not self.is_split
            and steps <= {"0"}
            and bool(steps)
        )

    @property
    def is_one_key(self) -> bool:
        """Whether a parameter's key is used once, so that it is the named key itself."""
        once = len(self._keys) == 1 and self._keys[0][2] == "0"
        return self.root.made is None and self._whole and once

    def finished(self) -> list[Edit]:
        """The edits, with the keys in place of their marks."""
        return [replace(edit, text=self.filled(edit.text)) for edit in self.edits]

    def filled(self, text: str) -> str:
        """A text with the keys in place of their marks."""
        for number, (variable, name, step) in enumerate(self._keys):
            key = self.root.name if self.is_one_key else f'{variable}.key("{name}", {step})'
            text = text.replace(f"\0{number}\0", key)
        return text
