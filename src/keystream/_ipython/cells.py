"""Which cell a line belongs to: IPython compiles each cell under the name of a file that is not there.

While cells are known here, that file is there, so that whoever reads the source of a line finds it; and
a report names cells where findings name those files.
"""

from __future__ import annotations

import ast
import linecache
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from keystream._evidence.source import note_cell
from keystream._findings import Finding, Location, Report
from keystream._session.running import name_places, places_as_they_are


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


@dataclass(frozen=True)
class Notebook:
    """A file whose cells are run from the first to the last.

    Attributes:
        path: as it is shown.
        numbers: of its cells that are run, in that order, counted from 1 with those that are not.
    """

    path: str
    numbers: tuple[int, ...]

    def place(self, cell: Cell) -> tuple[str, int]:
        """The path and the number by which a cell is shown; those of a running one beyond the file's."""
        if not 0 < cell.number <= len(self.numbers):
            return _path(cell.number), cell.number
        return self.path, self.numbers[cell.number - 1]


class Cells:
    """The cells that a shell has run since; reports of audits name them.

    Args:
        shell: IPython's, whose compiler is asked for names.
        notebook: the file that they are of, where all of them are run in order.
    """

    def __init__(self, shell: Any, notebook: Notebook | None = None) -> None:
        self._shell, self._notebook = shell, notebook
        self._by_name: dict[str, Cell] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="keystream-cells-")
        self._written: list[Path] = []
        self._raw = self._identity = ""
        self._running: Cell | None = None
        self._depth = 0  # of cells that run within cells, as commands such as %%capture do
        self._below: dict[str, int] = {}  # lines that stand above what is compiled by a name
        # An object is called by its class, so the compiler gets another one for the time being.
        self._former = type(shell.compile)
        shell.compile.__class__ = _observing(self._former, self)
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)
        name_places(self.placed)

    def close(self) -> None:
        """Leave the compiler as it was; the files vanish."""
        places_as_they_are(self.placed)
        self._shell.compile.__class__ = self._former
        self._shell.events.unregister("pre_run_cell", self._before)
        self._shell.events.unregister("post_run_cell", self._after)
        for path in self._written:
            path.unlink(missing_ok=True)
        self._folder.cleanup()

    def _before(self, info: Any) -> None:
        self._depth += 1
        if self._depth == 1:
            self._raw = info.raw_cell or ""
            self._identity = getattr(info, "cell_id", None) or ""

    def _after(self, result: Any) -> None:
        self._depth = max(0, self._depth - 1)  # the cell that loaded us began before

    def named_by(self, name: str, number: int) -> str:
        """The name under which a cell is compiled; one of ours where IPython's can be no file's.

        IPython names a cell by its text, so another cell of the same text gets a name of its own.
        """
        if name.startswith("<"):
            name = str(Path(self._folder.name) / f"{name.strip('<>')}.py")
        known = self._by_name.get(os.path.realpath(name))
        if known is None or known.number == number or (self._identity == known.identity != ""):
            return name
        path = Path(name)
        return str(path.with_name(f"{path.stem}-{number}{path.suffix}"))

    def remember(self, name: str, code: str, number: int, raw: str) -> None:
        """A cell is about to be compiled under a name: have its source there."""
        if self._depth > 1 and self._running is not None:
            cell = self._running
            self._below[name] = _lines_above(cell.source, raw)
        else:
            cell = self._running = Cell(number, raw, self._identity)
        self._add(name, code, cell)

    def _add(self, name: str, code: str, cell: Cell) -> None:
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
        lines, above = cell.source.split("\n"), _commands_above(cell.source)
        ast.increment_lineno(tree, above)
        lines[:above] = [""] * above
        name = str(Path(self._folder.name) / f"timed-{cell.number}-{len(self._by_name)}.py")
        self._add(name, "\n".join(lines), cell)
        return name

    def run(self) -> list[Cell]:
        """The cells, each as it was run last, in that order."""
        latest: dict[object, Cell] = {}
        for cell in self._by_name.values():
            name = cell.identity or cell.source
            latest.pop(name, None)
            latest[name] = cell
        return list(latest.values())

    def placed(self, report: Report) -> Report:
        """The report of an audit with cells for places."""
        cells = dict(self._by_name)  # an audit is looked at while further cells run
        self._have_sources(cells.values())
        place = self._notebook.place if self._notebook is not None else _as_numbered
        return in_cells(report, {path: place(cell) for path, cell in cells.items()})

    def named(self, report: Report) -> Report:
        """The report of lint, whose places are in cells, with their names here."""
        self._have_sources(self._by_name.values())
        return replace(report, findings=tuple(map(_of_source, report.findings)))

    def _have_sources(self, cells: Iterable[Cell]) -> None:
        """Put the source of cells where readers of a report look for it."""
        for cell in cells:
            path, lines = _path(cell.number), [f"{line}\n" for line in cell.source.split("\n")]
            linecache.cache[path] = (len(cell.source), None, lines, path)


def _as_numbered(cell: Cell) -> tuple[str, int]:
    return _path(cell.number), cell.number


def _lines_above(source: str, raw: str) -> int:
    """How many lines of a cell stand above the first line of code that a command runs; 0 for other code.

    IPython takes the empty lines at its beginning away.
    """
    body = raw.strip("\n").rstrip()
    if not source.rstrip().endswith(body):
        return 0
    blank = len(raw) - len(raw.lstrip("\n"))
    return source.rstrip().count("\n") - raw.rstrip().count("\n") + blank


def _commands_above(source: str) -> int:
    """How many lines of a cell stand above the code below its commands; 0 without ``%%time`` or such."""
    above = 0
    for number, line in enumerate(source.split("\n")):
        if line.lstrip().startswith("%%"):
            above = number + 1
        elif line.strip():
            return number if above else 0
    return above


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
            return cells.named_by(super().get_code_name(raw_code, code, number), number)

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

    def row(fields: Mapping[str, Any], which: str) -> Mapping[str, Any]:
        path = fields[f"{which}path"]
        found = cells.get(os.path.realpath(path), cells.get(path))
        return (
            fields
            if found is None
            else {**fields, f"{which}path": found[0], f"{which}cell": found[1]}
        )

    return replace(
        report,
        findings=tuple(map(mapped, report.findings)),
        draws=tuple(row(each, "") for each in report.draws),
        excused=tuple(row(row(each, ""), "first_") for each in report.excused),
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
