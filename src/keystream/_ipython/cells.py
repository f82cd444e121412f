"""Which cell a line belongs to: IPython compiles each cell under the name of a file that is not there.

While cells are known here, that file is there, so that whoever reads the source of a line finds it; and
a report names cells where findings name those files.
"""

from __future__ import annotations

import ast
import contextlib
import linecache
import os
import re
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from keystream._evidence.source import note_cell
from keystream._findings import Finding, Location, Report


@dataclass(frozen=True)
class Cell:
    """A cell as it was run.

    Attributes:
        number: the one in brackets beside it.
        source: as it was typed.
        identity: of the cell in its notebook, where the frontend says it; the same in each run.
    """

    number: int
    source: str
    identity: str = ""


class Cells:
    """The cells that a shell has run since.

    Args:
        shell: IPython's, whose compiler is asked for names.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._by_name: dict[str, Cell] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="keystream-cells-")
        self._written: list[Path] = []
        self._raw = self._identity = ""
        self._running: Cell | None = None
        self._nested = False
        self._depth = 0  # of cells that run within cells, as commands such as %%capture do
        self._below: dict[str, int] = {}  # lines that stand above what is compiled by a name
        # An object is called by its class, so the compiler gets another one for the time being.
        self._former = type(shell.compile)
        shell.compile.__class__ = _observing(self._former, self)
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)

    def close(self) -> None:
        """Leave the compiler as it was; the files vanish."""
        self._shell.compile.__class__ = self._former
        self._shell.events.unregister("pre_run_cell", self._before)
        self._shell.events.unregister("post_run_cell", self._after)
        for path in self._written:
            path.unlink(missing_ok=True)
        self._folder.cleanup()

    @contextlib.contextmanager
    def nested(self) -> Generator[None, None, None]:
        """What is run within the block belongs to the cell that is running."""
        self._nested = True
        try:
            yield
        finally:
            self._nested = False

    def _before(self, info: Any) -> None:
        self._depth += 1
        if self._depth == 1:
            self._raw = info.raw_cell or ""
            self._identity = getattr(info, "cell_id", None) or ""

    def _after(self, result: Any) -> None:
        self._depth = max(0, self._depth - 1)  # the cell that loaded us began before

    def named_by(self, name: str) -> str:
        """The name under which a cell is compiled; one of ours where IPython's can be no file's."""
        if not name.startswith("<"):
            return name
        return str(Path(self._folder.name) / f"{name.strip('<>')}.py")

    def remember(self, name: str, code: str, number: int, raw: str) -> None:
        """A cell is about to be compiled under a name: have its source there."""
        if (self._nested or self._depth > 1) and self._running is not None:
            cell = self._running
            if not self._nested:
                self._below[name] = _above(cell.source)
        else:
            cell = self._running = Cell(number, raw, self._identity)
        self._by_name[os.path.realpath(name)] = cell
        note_cell(os.path.realpath(name))
        path = Path(name)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n" * self._below.get(name, 0) + code, encoding="utf-8")
            self._written.append(path)

    def moved(self, tree: Any, name: str) -> None:
        """Move what is compiled by a name to its lines in the cell."""
        if self._below.get(name):
            ast.increment_lineno(tree, self._below[name])

    def timed(self, tree: Any) -> str:
        """The name for what a command such as ``%%time`` compiles of the running cell by itself."""
        cell = self._running or Cell(0, self._raw, self._identity)
        lines, above = cell.source.split("\n"), _above(cell.source)
        ast.increment_lineno(tree, above)
        lines[:above] = [""] * above
        name = str(Path(self._folder.name) / f"timed-{cell.number}-{len(self._by_name)}.py")
        self._nested, before = True, self._nested
        self.remember(name, "\n".join(lines), cell.number, cell.source)
        self._nested = before
        return name

    def run(self) -> list[Cell]:
        """The cells, each as it was run last, in that order."""
        latest: dict[object, Cell] = {}
        for cell in self._by_name.values():
            name = cell.identity or cell.source
            latest.pop(name, None)
            latest[name] = cell
        return list(latest.values())

    def named(self, report: Report) -> Report:
        """The report with cells for places."""
        for cell in self._by_name.values():
            lines = [f"{line}\n" for line in cell.source.split("\n")]
            linecache.cache[_path(cell.number)] = (
                len(cell.source),
                None,
                lines,
                _path(cell.number),
            )
        report = replace(report, findings=tuple(map(_of_source, report.findings)))
        numbers = {path: cell.number for path, cell in self._by_name.items()}
        return in_cells(report, {path: (_path(n), n) for path, n in numbers.items()})


def _above(source: str) -> int:
    """How many lines of a cell stand above the code of its command, ``%%time`` say; 0 without one."""
    lines = source.split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    return first + 1 if lines[first].lstrip().startswith("%%") else 0


# What IPython's commands call the Python that they compile by themselves.
_TIMED = ("<timed exec>", "<timed eval>")


def _observing(kind: type[Any], cells: Cells) -> type[Any]:
    """The class of a compiler that tells what it compiles."""

    class Observing(kind):
        def __call__(
            self, source: Any, filename: str, symbol: str, *args: Any, **kwargs: Any
        ) -> Any:
            if filename in _TIMED and isinstance(source, ast.AST):
                filename = cells.timed(source)
            elif isinstance(source, ast.AST):
                cells.moved(source, filename)
            return super().__call__(source, filename, symbol, *args, **kwargs)

        def get_code_name(self, raw_code: str, code: str, number: int) -> str:
            return cells.named_by(super().get_code_name(raw_code, code, number))

        def cache(self, transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
            name = super().cache(transformed_code, number, raw_code)
            cells.remember(name, transformed_code, number, raw_code or transformed_code)
            return name

    return Observing


def _path(number: int) -> str:
    """The name of a cell's source; IPython calls its input so."""
    return f"In[{number}]"


def _of_source(finding: Finding) -> Finding:
    """A finding of lint, whose places are in cells already, with their names here."""

    def place(location: Location) -> Location:
        return replace(location, path=_path(location.cell)) if location.cell else location

    return replace(
        finding,
        locations=tuple(map(place, finding.locations)),
        related=tuple(map(place, finding.related)),
    )


def in_cells(report: Report, cells: Mapping[str, tuple[str, int]]) -> Report:
    """A report whose places in some files are places in cells.

    Args:
        report: any.
        cells: for the path of a file, the path and the number of the cell.
    """
    words = _Words(cells)

    def place(location: Location) -> Location:
        found = cells.get(os.path.realpath(location.path), cells.get(location.path))
        message = words.of(location.message)
        if found is None:
            return replace(location, message=message)
        return replace(location, path=found[0], cell=found[1], message=message)

    def mapped(finding: Finding) -> Finding:
        return replace(
            finding,
            message=words.of(finding.message),
            why=words.of(finding.why),
            fix=words.of(finding.fix),
            locations=tuple(map(place, finding.locations)),
            related=tuple(map(place, finding.related)),
            lineage=tuple(tuple(map(words.of, steps)) for steps in finding.lineage),
        )

    def row(fields: Mapping[str, Any]) -> Mapping[str, Any]:
        found = cells.get(os.path.realpath(fields["path"]), cells.get(fields["path"]))
        return fields if found is None else {**fields, "path": found[0], "cell": found[1]}

    return replace(
        report, findings=tuple(map(mapped, report.findings)), draws=tuple(map(row, report.draws))
    )


class _Words:
    """Names the cells in running text, where a finding says ``1234.py:5``."""

    def __init__(self, cells: Mapping[str, tuple[str, int]]) -> None:
        self._cells = {os.path.basename(path): number for path, (_, number) in cells.items()}  # noqa: PTH119
        names = "|".join(map(re.escape, sorted(self._cells, key=len, reverse=True)))
        self._pattern = re.compile(rf"({names}):(\d+)") if names else None

    def of(self, text: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(
            lambda found: f"cell {self._cells[found[1]]}, line {found[2]}", text
        )
