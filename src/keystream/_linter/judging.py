"""From one source to its findings: read, judged by every rule, suppressions applied."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from keystream._findings import Finding, Location
from keystream._judge.words import Lines, lowered
from keystream._lint.excuses import Excuse
from keystream._lint.mistakes import Mistake, judge_all
from keystream._lint.module import Module
from keystream._lint.project import Project, dotted_name
from keystream._lint.reader import STEPS_OF_FILE, STEPS_PER_LINE, Reader
from keystream._lint.relevance import concerns_keys, prepare
from keystream._lint.repairs import Refusal, Text, repairs
from keystream._lint.scope import Unit
from keystream._lint.source import Source, parse
from keystream._source.ignoring import apply


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of one source.

    Attributes:
        findings: in the order of its lines, suppressions applied.
        excused: what its structure excuses.
        elsewhere: what its calls show of functions of other files, in the order in which it was seen.
    """

    findings: tuple[Finding, ...] = ()
    excused: tuple[Mapping[str, object], ...] = ()
    elsewhere: tuple[Finding, ...] = ()


def judge(project: Project, source: Source, path: Path) -> Judgement:
    """What is said of one source."""
    unread = tuple(_of_unread(source))
    _look_from(project, path)
    if not concerns_keys(source.text, path, project) and "keystream:" not in source.text:
        parse(source)  # it has to be Python all the same
        return Judgement(unread)
    tree, module = read(project, source, path)
    said = _said(module)
    found = _own(said, source)
    if found:
        found = _with_repairs(found, module, Text(source.text, tree))
    found = [_in_cells(finding, source) for finding in found]
    return Judgement(
        tuple(sorted([*found, *unread], key=_in_order)) if unread else tuple(found),
        tuple(_excused(module, source)),
        tuple(each for each in said if _tells_elsewhere(each) and not _is_in(each, source)),
    )


def _tells_elsewhere(finding: Finding) -> bool:
    """Whether a caller is needed to see a mistake: it knows the model, its mode, what is compiled.

    How keys are split and handed on is seen in the file itself, once for all of its callers.
    """
    return finding.counts and not finding.code.startswith("KS1")


def _is_in(finding: Finding, source: Source) -> bool:
    return finding.locations[0].path == source.path


def _excused(module: Module, source: Source) -> Iterator[Mapping[str, object]]:
    """Of each use that repeats a key and is excused its reason and its places, as a report has them."""
    for mistake in module.excused:
        place, first = mistake.site.location(), mistake.earlier.location()
        if place.path == source.path and mistake.excuse is not None and not source.cells:
            yield {
                "reason": mistake.excuse.reason,
                "path": place.path,
                "line": place.line,
                "first_path": first.path,
                "first_line": first.line,
                "draws": 1,
            }


def _with_repairs(findings: list[Finding], module: Module, text: Text) -> list[Finding]:
    """The findings, each with what repairs it."""
    known: dict[tuple[str, int], str] = {}
    for each in repairs(module, text):
        if isinstance(each, Refusal):
            known.setdefault((each.code, each.line), f"none: {each.reason}")
        else:
            option = "--fix" if each.safe else "--unsafe-fixes"
            known[each.code, each.line] = f"{option}: {each.title}"
    return [
        replace(finding, repair=known.get((finding.code, finding.locations[0].line), ""))
        for finding in findings
    ]


def read(project: Project, source: Source, path: Path) -> tuple[ast.Module, Module]:
    """The tree of a source, and what is seen in it."""
    tree = parse(source)
    name = _look_from(project, path)
    unit = Unit(source.path, name, tree, path.stem == "__init__")
    prepare(unit, project)
    reader = Reader(project, STEPS_PER_LINE * source.text.count("\n") + STEPS_OF_FILE)
    facts = reader.read(unit)
    reader.close()
    project.forget_classes()
    found = judge_all(facts)
    mistakes = [_in_one_cell(mistake, source) for mistake in found.mistakes]
    return tree, Module(source.path, facts, mistakes, found.excused)


def _look_from(project: Project, path: Path) -> str:
    """Look for modules as a file does; return its own name."""
    name, root = dotted_name(path.absolute())
    project.look_from(str(root), str(path.absolute().parent))
    return name


_OF_ITS_CELL = Excuse(
    "each cell begins from its own seed",
    shown=True,
    why="each of the two cells makes its key of a seed that stands in it, so that it gives the same "
    "whenever it is run",
)


def _in_one_cell(mistake: Mistake, source: Source) -> Mistake:
    """A key that is made again in another cell is a note: a cell is run by itself.

    So is a key whose sibling nothing reads, where that stands in another cell than both uses.
    """
    if mistake.severity != "warning":
        return mistake
    if mistake.code == "KS106":
        apart = len(_cells(source, (site.line for site in mistake.seeds))) > 1
        return replace(mistake, severity="note", excuse=_OF_ITS_CELL) if apart else mistake
    if mistake.unread is not None:
        uses = _cells(source, (mistake.site.line, mistake.earlier.line))
        apart = bool(_cells(source, (mistake.unread.site.line,)) - uses)
        return replace(mistake, severity="note") if apart else mistake
    return mistake


def _object_of_its_cell(finding: Finding, source: Source) -> Finding:
    """An object that is built of the seed of one in another cell is a note, as a key is."""
    if finding.code != "KS106" or finding.severity != "error" or not finding.related:
        return finding
    lines = [place.line for place in (finding.locations[0], *finding.related)]
    if len(_cells(source, lines)) < 2:
        return finding
    return replace(finding, severity="note", why=f"{finding.why}; {_OF_ITS_CELL.why}")


def _cells(source: Source, lines: Iterable[int]) -> set[int]:
    """The cells of a notebook in which some lines stand; none of another file."""
    return {cell for cell, _ in map(source.place, lines) if cell}


class _SourceLines(Lines):
    """The lines of the one source that is judged."""

    def __init__(self, source: Source) -> None:
        self._path, self._lines = source.path, source.text.splitlines()

    def __call__(self, path: str) -> Sequence[str]:
        """The lines of that source; of another file none."""
        return self._lines if path == self._path else ()


def judged(module: Module, source: Source) -> list[Finding]:
    """The findings of every rule in a source, with suppressions applied."""
    return _own(_said(module), source)


def _said(module: Module) -> list[Finding]:
    """The findings of every rule, in whichever file, one for each code and line."""
    from keystream._rules import rules

    found: dict[tuple[str, str, int], Finding] = {}
    for rule in rules("read"):
        for finding in rule(module):
            place = finding.locations[0]
            found.setdefault((finding.code, place.path, place.line), finding)
    return list(found.values())


def _own(said: list[Finding], source: Source) -> list[Finding]:
    """Those of the source itself."""
    own = (each for each in said if _is_in(each, source))
    return suppressed([_object_of_its_cell(each, source) for each in own], source)


def suppressed(findings: list[Finding], source: Source) -> list[Finding]:
    """The findings of a source as its comments would have them, in the order of its lines."""
    from keystream._rules import unread

    lines = _SourceLines(source)
    heard = [lowered(finding, lines) for finding in findings]
    applied = apply(heard, source.text, source.path, unread())
    return sorted(applied, key=lambda finding: (finding.locations[0].line, finding.code))


def _in_order(finding: Finding) -> tuple[int, int, str]:
    place = finding.locations[0]
    return place.cell, place.line, finding.code


def _of_unread(source: Source) -> Iterator[Finding]:
    """KS901 of each cell of a notebook that is no Python; the others are judged without it."""
    for line, reason in source.unread:
        finding = Finding(
            "KS901",
            "warning",
            f"the source can't be read: {reason}",
            "nothing was checked in this cell",
            "correct the cell, or make it one of text",
            (Location(source.path, line),),
        )
        yield _in_cells(finding, source)


def _in_cells(finding: Finding, source: Source) -> Finding:
    """The places of a notebook's finding by cell and line."""
    if not source.cells:
        return finding

    def place(location: Location) -> Location:
        if location.path != source.path or not 0 < location.line <= len(source.cells):
            return location
        cell, line = source.place(location.line)
        return replace(location, cell=cell, line=line)

    return replace(
        finding,
        message=source.in_cells(finding.message),
        why=source.in_cells(finding.why),
        repair=source.in_cells(finding.repair),
        locations=tuple(map(place, finding.locations)),
        related=tuple(map(place, finding.related)),
    )
