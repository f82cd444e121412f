"""From one source to its findings: read, judged by every rule, suppressions applied."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

from keystream._findings import Finding, Location
from keystream._lint.mistakes import mistakes
from keystream._lint.module import Module
from keystream._lint.project import Project, dotted_name
from keystream._lint.reader import STEPS_OF_FILE, STEPS_PER_LINE, Reader, prepare
from keystream._lint.repairs import Refusal, Text, repairs
from keystream._lint.scope import Unit
from keystream._lint.source import Source, parse
from keystream._linter.engine import is_interesting
from keystream._source.ignoring import apply
from keystream._source.words import REPEATS, comment_says_meant

_TESTS = re.compile(
    r"^\s*(?:def test_|import unittest|import pytest|from absl.testing)", re.MULTILINE
)
_LINE = re.compile(r"line (\d+)")
_TEST_FILE = re.compile(r"^(test_.*|.*_test|conftest)$")


def judge(project: Project, source: Source, path: Path) -> tuple[Finding, ...]:
    """The findings of one source, in the order of its lines."""
    if not is_interesting(source.text) and "keystream:" not in source.text:
        parse(source)  # it has to be Python all the same
        return ()
    tree, module = read(project, source, path)
    found = judged(module, source)
    if found:
        found = _with_repairs(found, module, Text(source.text, tree))
    return tuple(_in_cells(finding, source) for finding in found)


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
    prepare(tree)
    name, root = dotted_name(path.absolute())
    roots = [str(root), str(path.absolute().parent)]
    project.roots = list(dict.fromkeys([*roots, *project.roots]))[:8]
    reader = Reader(project, STEPS_PER_LINE * source.text.count("\n") + STEPS_OF_FILE)
    facts = reader.read(
        Unit(source.path, name, tree, is_test(path, source.text), path.stem == "__init__")
    )
    project.forget_classes()
    return tree, Module(source.path, facts, mistakes(facts))


def _as_meant(finding: Finding, lines: list[str]) -> Finding:
    """The finding, a note where a comment at one of its first lines says that equal draws are wanted."""
    places = (*finding.locations[:2], *finding.related)
    if finding.code in REPEATS and any(comment_says_meant(lines, p.line) for p in places):
        return replace(finding, severity="note")
    return finding


def judged(module: Module, source: Source) -> list[Finding]:
    """The findings of every rule, with suppressions applied."""
    from keystream._rules import rules, unread

    found: dict[tuple[str, str, int], Finding] = {}
    lines = source.text.splitlines()
    for rule in rules("read"):
        for finding in rule(module):
            place = finding.locations[0]
            if place.path == source.path:
                finding = _as_meant(finding, lines)  # noqa: PLW2901
                found.setdefault((finding.code, place.path, place.line), finding)
    judged = apply(found.values(), source.text, source.path, unread())
    return sorted(judged, key=lambda finding: (finding.locations[0].line, finding.code))


def is_test(path: Path, text: str) -> bool:
    """Whether a file holds tests."""
    if _TEST_FILE.match(path.stem):
        return True
    return bool({"test", "tests", "testing"} & set(path.parts)) and bool(_TESTS.search(text))


def _in_cells(finding: Finding, source: Source) -> Finding:
    """The places of a notebook's finding by cell and line."""
    if not source.cells:
        return finding

    def place(location: Location) -> Location:
        if location.path != source.path or not 0 < location.line <= len(source.cells):
            return location
        cell, line = source.cells[location.line - 1]
        return replace(location, cell=cell, line=line)

    def words(text: str) -> str:
        return _LINE.sub(lambda match: named(int(match.group(1))) or match.group(), text)

    def named(line: int) -> str:
        if not 0 < line <= len(source.cells):
            return ""
        cell, line = source.cells[line - 1]
        return f"cell {cell}, line {line}"

    return replace(
        finding,
        message=words(finding.message),
        why=words(finding.why),
        locations=tuple(map(place, finding.locations)),
        related=tuple(map(place, finding.related)),
    )
