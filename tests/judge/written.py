"""Small source files and small values of the evidence, from which the tests of the judge are made."""

import ast
import textwrap
from dataclasses import dataclass
from pathlib import Path

from keystream._evidence.uses import Making, Site, Use
from keystream._findings import Location


@dataclass(frozen=True)
class Written:
    """A source file whose places are named by the text that stands there."""

    path: str
    text: str

    def at(self, part: str, nth: int = 0) -> Location:
        """Where a text stands for the nth time: line, column and function, as a frame has them."""
        start = -1
        for _ in range(nth + 1):
            start = self.text.index(part, start + 1)
        before = self.text[:start]
        line, column = before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1
        return Location(self.path, line, column, self._function(line))

    def _function(self, line: int) -> str:
        around = [
            node
            for node in ast.walk(ast.parse(self.text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            and node.lineno < line <= (node.end_lineno or 0)
        ]
        return ".".join(node.name for node in around) or "<module>"


def write(folder: Path, text: str, name: str = "program.py") -> Written:
    """A file with a text, without the indentation that the test gave it."""
    text = textwrap.dedent(text).lstrip("\n")
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return Written(str(path), text)


def use(call: int = 0, *, site: int = 0, making: Making | None = None, role="draw", key=7, **at):
    """A use of a key: the place's fields by name, those of a draw of `normal` else."""
    fields = {"kind": "draw", "distribution": "normal", "shape": (3,), **at}
    return Use(key, role, Site(**fields), site, call, making)


def making(kind: str, parent: int, child: int = 7, *, site: int = 90, call: int = 0, data: int = 0):
    """One making of a key."""
    return Making(kind, parent, child, site, call, data)


def family(*makings: Making):
    """The function that `relate` asks for the making that the parent of a making had then."""

    def made(making: Making) -> Making | None:
        found = sorted((m for m in makings if m.child == making.parent), key=lambda m: m.call)
        earlier = [m for m in found if m.call <= making.call]
        return (earlier or found or [None])[-1 if earlier else 0]

    return made
