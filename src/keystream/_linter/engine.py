"""Reading many files: found below the paths, shared out over processes, each on its own."""

from __future__ import annotations

import ast
import gc
import os
import sys
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keystream._findings import Finding, Location, Report
from keystream._lint.source import Source, UnreadableError, parse, read_source
from keystream._linter.config import Config

if TYPE_CHECKING:
    from keystream._linter.judging import Judgement

MOST_ROOTS = 7  # folders of packages in which modules are looked for, beside the project's own
PARALLEL_FROM = 400_000  # bytes of source: below, one process is faster
COLLECT_AFTER = 3_000_000  # characters read between two collections of garbage
RECURSION = 12_000
SUFFIXES = frozenset({".py", ".pyi", ".ipynb"})


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one file.

    Attributes:
        path: as it is shown.
        findings: in it.
        lines: that it has.
        excused: what its structure excuses.
        elsewhere: what its calls show of functions of other files.
    """

    path: str
    findings: tuple[Finding, ...]
    lines: int
    excused: tuple[Mapping[str, object], ...] = ()
    elsewhere: tuple[Finding, ...] = ()


def find_files(paths: Sequence[str], config: Config) -> list[Path]:
    """The Python files and notebooks below some paths, each once, in order."""
    found: dict[Path, None] = {}
    for name in paths:
        path = Path(name)
        if path.is_dir():
            for file in _below(path, config):
                found.setdefault(file)
        else:
            found.setdefault(path)
    return list(found)


def _below(folder: Path, config: Config) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = Path(entry.path)
        if config.excludes(path):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _below(path, config)
        elif path.suffix in SUFFIXES:
            yield path


def check(paths: Sequence[str], config: Config, *, jobs: int = 0) -> Report:
    """Read all files below some paths and judge them.

    Args:
        paths: files and folders.
        config: what is wanted.
        jobs: processes; 0 for as many as there are processors, at most eight.

    Returns:
        The report: findings by file and line, counts of files and lines.
    """
    files = find_files(paths, config)
    results = _shared_out(list(_checked(files, config, jobs)), config)
    findings = _told_once([finding for result in results for finding in result.findings])
    return Report(
        " ".join(paths),
        tuple(findings),
        {"files": len(results), "lines": sum(result.lines for result in results)},
        "lint",
        excused=tuple(row for result in results for row in result.excused),
    )


def _shared_out(results: list[Checked], config: Config) -> list[Checked]:
    """The results, each with what the calls of other files show of its functions.

    A line of which its own file has something to say is left as it is: that is the same mistake.
    """
    by_path = {os.path.realpath(result.path): result for result in results}
    shown: dict[str, dict[int, Finding]] = {}
    for finding in (each for result in results for each in result.elsewhere):
        place = finding.locations[0]
        result = by_path.get(os.path.realpath(place.path))
        if result is None or any(_is_at(each, place.line) for each in result.findings):
            continue
        shown.setdefault(os.path.realpath(place.path), {}).setdefault(place.line, finding)
    worker = Worker(config)
    for path, found in shown.items():
        by_path[path] = worker.joined(by_path[path], list(found.values()))
    return list(by_path.values())


def _is_at(finding: Finding, line: int) -> bool:
    """Whether a finding, but for one of a comment that ignores nothing, stands on a line."""
    return finding.locations[0].line == line and finding.code != "KS903"


def _told_once(findings: list[Finding]) -> list[Finding]:
    """The findings without those that tell at a call what the file of the function tells as well."""
    first = {(each.code, each.locations[0].path, each.locations[0].line) for each in findings}
    return [
        each
        for each in findings
        if not any(
            place.path != each.locations[0].path and (each.code, place.path, place.line) in first
            for place in each.locations[1:]
        )
    ]


def _checked(files: list[Path], config: Config, jobs: int) -> Iterable[Checked]:
    sizes = [_size(file) for file in files]
    workers = jobs or min(
        8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    roots = roots_of(files, config)
    if workers == 1 or len(files) < 2 or sum(sizes) < PARALLEL_FROM:
        return _each(Worker(config, roots), files)
    # Large files first, so that no process is left with one at the end; neighbours share imports.
    groups = _groups(files, sizes, workers)
    by_path: dict[str, Checked] = {}
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(config, roots)) as pool:
        for results in pool.map(_check_group, groups):
            by_path.update({result.path: result for result in results})
    return [by_path[str(file)] for file in files if str(file) in by_path]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _groups(files: list[Path], sizes: list[int], workers: int) -> list[list[Path]]:
    share = max(1, sum(sizes) // (workers * 6))
    groups: list[list[Path]] = [[]]
    filled = 0
    for file, size in zip(files, sizes, strict=True):
        if filled + size > share and groups[-1]:
            groups.append([])
            filled = 0
        groups[-1].append(file)
        filled += size
    return sorted(groups, key=lambda group: -sum(map(_size, group)))


def roots_of(files: list[Path], config: Config) -> tuple[str, ...]:
    """The folders in which the modules of the project are looked for, whichever file imports them.

    The project's own folder, and those in which most of the files have their packages.
    """
    from keystream._lint.project import dotted_name

    folders = {file.absolute().parent: file for file in files}
    packages = Counter(
        str(root)
        for name, root in map(dotted_name, (each.absolute() for each in folders.values()))
        if "." in name
    )
    own = str(config.root.absolute())
    return (own, *(root for root, _ in packages.most_common(MOST_ROOTS) if root != own))


_worker_of_process: list[Worker] = []  # one for all groups: what one group imports another does too


def _begin(config: Config, roots: tuple[str, ...]) -> None:
    _worker_of_process[:] = [Worker(config, roots)]


def _check_group(files: list[Path]) -> list[Checked]:
    (worker,) = _worker_of_process
    return _each(worker, files)


def _each(worker: Worker, files: list[Path]) -> list[Checked]:
    """What came of some files. Garbage is collected when the worker says so, and not after each file.

    There is little of it, and Python would go through all modules that are kept parsed.
    """
    with _without_collection():
        return [worker.check(file) for file in files]


@contextmanager
def _without_collection() -> Generator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Worker:
    """Checks files one after the other; what one imports from the project is kept for the next."""

    def __init__(self, config: Config, roots: tuple[str, ...] = ()) -> None:
        from keystream._lint.project import Project

        self.config = config
        self.project = Project(self._parsed, self._declared, roots or (str(config.root),))
        self._read = 0
        if sys.getrecursionlimit() < RECURSION:
            sys.setrecursionlimit(RECURSION)

    def check(self, path: Path) -> Checked:
        """What there is to say about one file; whatever happens, an answer."""
        with _without_collection():
            checked = self._checked(path)
        self._collect(checked.lines)
        return checked

    def _checked(self, path: Path) -> Checked:
        shown, said = str(path), None
        try:
            source = read_source(path, shown)
            said = self.judge(source, path)
            findings = said.findings
            lines = source.text.count("\n")
        except UnreadableError as error:
            findings, lines = (unreadable(shown, error.reason, error.line),), 0
        except (RecursionError, MemoryError) as error:
            findings, lines = (
                (unreadable(shown, f"it is nested too deeply ({type(error).__name__})"),),
                0,
            )
        except Exception as error:  # a mistake of ours must not hide the other files
            findings, lines = (
                (unreadable(shown, f"the reader failed: {type(error).__name__}: {error}"),),
                0,
            )
        wanted = self.wanted(findings, shown)
        if said is None:
            return Checked(shown, wanted, lines)
        return Checked(shown, wanted, lines, said.excused, said.elsewhere)

    def joined(self, checked: Checked, further: list[Finding]) -> Checked:
        """What came of a file, with further findings in it, as far as its comments leave them."""
        from keystream._linter.judging import suppressed

        source = read_source(Path(checked.path), checked.path)
        moved = [_named_as(finding, checked.path) for finding in further]
        of_lines = {finding.locations[0].line: finding for finding in moved}
        applied = [each for each in suppressed(moved, source) if each.code != "KS903"]
        needed = {
            line for line in of_lines if any(e.suppressed for e in applied if _is_at(e, line))
        }
        own = [
            each
            for each in checked.findings
            if each.code != "KS903" or each.locations[0].line not in needed
        ]
        found = [*own, *self.wanted(applied, checked.path)]
        found.sort(key=lambda each: (each.locations[0].line, each.code))
        return replace(checked, findings=tuple(found))

    def wanted(self, findings: Iterable[Finding], shown: str) -> tuple[Finding, ...]:
        """Those findings of a file that are wanted; as notes in tests and the like."""
        wanted = tuple(finding for finding in findings if self.config.wants(finding.code, shown))
        if any(finding.counts for finding in wanted) and self.config.is_aside(shown):
            return tuple(map(_aside, wanted))
        return wanted

    def _collect(self, lines: int) -> None:
        self._read += lines * 40
        if self._read > COLLECT_AFTER:
            self._read = 0
            gc.collect()

    def judge(self, source: Source, path: Path) -> Judgement:
        """The findings of one source, suppressions applied, and what is excused in it."""
        from keystream._linter.judging import judge

        return judge(self.project, source, path)

    def _parsed(self, path: str) -> ast.Module | None:
        from keystream._lint.relevance import concerns_keys

        try:
            if not Path(path).is_file():
                return None
            source = read_source(Path(path), path)
            return parse(source) if concerns_keys(source.text, Path(path), self.project) else None
        except UnreadableError:
            return None

    def _declared(self, unit: Any) -> Any:
        from keystream._lint.reader import STEPS_TO_DECLARE, Reader
        from keystream._lint.relevance import prepare

        prepare(unit, self.project)
        return Reader(self.project, STEPS_TO_DECLARE).declare(unit)


def _named_as(finding: Finding, path: str) -> Finding:
    """A finding whose own file is named as the caller of lint names it."""
    own = finding.locations[0].path
    places = [replace(p, path=path) if p.path == own else p for p in finding.locations]
    related = [replace(p, path=path) if p.path == own else p for p in finding.related]
    return replace(finding, locations=tuple(places), related=tuple(related))


def _aside(finding: Finding) -> Finding:
    """A finding in a test, in documentation or in a benchmark, as a note: no training suffers."""
    if not finding.counts:
        return finding
    why = f"{finding.why}; in tests, documentation and benchmarks this is a note"
    return replace(finding, severity="note", why=why)


def unreadable(path: str, reason: str, line: int = 0) -> Finding:
    """KS901: nothing can be said about this file."""
    return Finding(
        "KS901",
        "warning",
        f"the source can't be read: {reason}",
        "nothing was checked in this file",
        f'correct the file, or leave it out:\n[tool.keystream]\nexclude = ["{Path(path).name}"]',
        (Location(path, line),),
    )
