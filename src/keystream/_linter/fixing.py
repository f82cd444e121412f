"""Applying repairs: one after the other, each kept only if its finding is gone and nothing new came."""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from keystream._findings import Location
from keystream._lint.repairs import Refusal, Repair
from keystream._lint.source import Source, UnreadableError, read_source
from keystream._linter.cells import in_notebook
from keystream._linter.config import Config
from keystream._linter.engine import Worker
from keystream._linter.trying import Trial, judge

MAX_REPAIRS = 200  # of one file


@dataclass(frozen=True, slots=True)
class Fixed:
    """What became of one file.

    Attributes:
        path: the file.
        before: its text.
        after: its text with the repairs.
        repairs: those that were kept, in order.
        refusals: why findings that are left could not be repaired: the place, the code and the reason.
    """

    path: Path
    before: str
    after: str
    repairs: tuple[Repair, ...]
    refusals: tuple[tuple[Location, str, str], ...] = ()

    def diff(self) -> str:
        """The change as a unified diff."""
        name = self.path.as_posix()
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            f"a/{name}",
            f"b/{name}",
        )
        return "".join(
            line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"
            for line in lines
        )


def fix(path: Path, config: Config, *, unsafe: bool) -> Fixed | None:
    """Repair one file in memory; None where nothing was repaired or the file can't be read."""
    fixed = mend(path, config, unsafe=unsafe)
    return fixed if fixed is not None and fixed.repairs else None


def mend(path: Path, config: Config, *, unsafe: bool) -> Fixed | None:
    """Repair what can be repaired, and say why the rest can't; None where the file can't be read."""
    try:
        first = read_source(path, str(path))
        raw = path.read_bytes()
        before = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except (UnreadableError, UnicodeDecodeError, OSError):
        return None
    refused: dict[tuple[str, str], Refusal] = {}
    worker = Worker(config)
    done, source = _mended(worker, first, path, refused, unsafe=unsafe)
    left = tuple(
        (_place(source, each.line), each.code, source.in_cells(each.reason))
        for each in _left(worker, source, path, refused, unsafe=unsafe)
    )
    if not done:
        return Fixed(path, before, before, (), left)
    after = in_notebook(raw, first, source).decode("utf-8-sig") if first.cells else source.text
    return Fixed(path, before, after, done, left)


def _place(source: Source, line: int) -> Location:
    cell, line = source.place(line)
    return Location(source.path, line, cell=cell)


def mended(
    source: Source, path: Path, config: Config, *, unsafe: bool
) -> tuple[tuple[Repair, ...], Source]:
    """The repairs of a source that is in no file, or differs from it, and the source after them."""
    return _mended(Worker(config), source, path, {}, unsafe=unsafe)


def _mended(
    worker: Worker,
    source: Source,
    path: Path,
    refused: dict[tuple[str, str], Refusal],
    *,
    unsafe: bool,
) -> tuple[tuple[Repair, ...], Source]:
    done: list[Repair] = []
    while len(done) < MAX_REPAIRS:
        step = _next(worker, source, path, unsafe=unsafe, refused=refused)
        if step is None:
            break
        repair, source = step
        done.append(repair)
    return tuple(done), source


def _left(
    worker: Worker,
    source: Source,
    path: Path,
    refused: dict[tuple[str, str], Refusal],
    *,
    unsafe: bool,
) -> tuple[Refusal, ...]:
    """Why what is left of the findings was not repaired."""
    judged = judge(worker, source, path)
    if judged is None:
        return ()
    there = {(finding.code, finding.locations[0].line) for finding in judged.found}
    left: dict[tuple[str, int], Refusal] = {}
    for each in judged.known:
        reason = each if isinstance(each, Refusal) else refused.get(_name(each))
        if reason is not None and (unsafe or isinstance(each, Repair)):
            left[each.code, each.line] = Refusal(each.code, each.line, reason.reason)
    return tuple(each for name, each in left.items() if name in there)


def _name(repair: Repair) -> tuple[str, str]:
    return repair.code, repr(repair.edits)


def _next(
    worker: Worker,
    source: Source,
    path: Path,
    *,
    unsafe: bool,
    refused: dict[tuple[str, str], Refusal],
) -> tuple[Repair, Source] | None:
    """The first repair that helps, and the source after it."""
    for repair, changed in _tried(worker, source, path, refused, unsafe=unsafe):
        if isinstance(changed, Source):
            return repair, changed
        refused[_name(repair)] = Refusal(repair.code, repair.line, changed)
    return None


def helpful(
    source: Source, path: Path, config: Config, lines: range
) -> list[tuple[Repair, Source]]:
    """The repairs that help findings on some lines, each with the source after it alone."""
    tried = _tried(Worker(config), source, path, (), unsafe=True, lines=lines)
    return [(repair, changed) for repair, changed in tried if isinstance(changed, Source)]


def _tried(
    worker: Worker,
    source: Source,
    path: Path,
    refused: Container[tuple[str, str]],
    *,
    unsafe: bool,
    lines: range | None = None,
) -> Iterator[tuple[Repair, Source | str]]:
    """Each repair that is asked for, with the source after it, or why it is not to be made."""
    before = judge(worker, source, path)
    if before is None:
        return
    trial = Trial(worker, path, before, unsafe)
    for repair in before.open_repairs():
        if (
            _name(repair) in refused
            or not (repair.safe or unsafe)
            or (lines is not None and repair.line not in lines)
        ):
            continue
        done = trial.run(repair)
        yield (repair, done) if isinstance(done, str) else done
