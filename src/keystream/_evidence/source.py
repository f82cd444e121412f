"""The syntax around a line: its statement, its loop, its function. One reading a file, for everybody."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary, ref

from keystream._findings import Location

Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.Module
Loop = ast.For | ast.AsyncFor | ast.While | ast.comprehension
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Module)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class SourceFile:
    """A file as syntax, with the parent of each node and the statement of each line."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self._parents: dict[ast.AST, ast.AST] = {}
        self._statements: dict[int, ast.stmt] = {}
        around = ref(tree)
        for node in ast.walk(tree):  # parents before children: the innermost statement comes last
            for child in ast.iter_child_nodes(node):
                self._parents[child] = node
            if isinstance(node, _SCOPES):
                _module_around[node] = around
            if isinstance(node, ast.stmt):
                for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                    self._statements[line] = node
        modules = frozenset(_modules(tree))
        for node in self._parents:
            if isinstance(node, ast.Attribute) and _root(node) in modules:
                _of_modules.add(node)

    def parent(self, node: ast.AST) -> ast.AST | None:
        """What a node stands in."""
        return self._parents.get(node)

    def statement(self, line: int) -> ast.stmt | None:
        """The innermost statement that a line belongs to."""
        return self._statements.get(line)

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """What stands around a node, nearest first."""
        while (found := self._parents.get(node)) is not None:
            yield found
            node = found


_of_modules: WeakSet[ast.Attribute] = WeakSet()
_module_around: WeakKeyDictionary[Scope, ref[ast.Module]] = (
    WeakKeyDictionary()
)  # both go with the tree


def is_of_module(node: ast.Attribute) -> bool:
    """Whether a name is a module's, such as ``jax.random.split``, and no method of an object."""
    return node in _of_modules


def _modules(tree: ast.Module) -> Iterator[str]:
    """The names that a file binds to modules, as far as its text tells: of JAX all that it imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((each.asname or each.name).partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "jax":
            yield from (each.asname or each.name for each in node.names)


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


@lru_cache(maxsize=256)
def _parsed(text: str) -> SourceFile | None:
    try:
        return SourceFile(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError):
        return None


@lru_cache(maxsize=256)
def _file(path: str, version: tuple[int, int]) -> SourceFile | None:
    del version  # a file that was written anew is read anew
    try:
        return _parsed(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


_held: WeakValueDictionary[str, ast.Module] = WeakValueDictionary()


def hold(path: str, tree: ast.Module) -> None:
    """A file is read already, maybe from an editor or a notebook: this tree is its syntax."""
    _held[path] = tree


def _of_tree(tree: ast.Module) -> SourceFile:
    """A tree as a file, which is kept with the tree and as long as it."""
    found = vars(tree).get(_KEPT)
    if found is None:
        found = vars(tree)[_KEPT] = SourceFile(tree)
    return found


_KEPT = "_keystream_file"


_cells: dict[str, None] = {}  # in the order in which they ran


def note_cell(path: str) -> None:
    """A file holds a cell of a notebook: what stands alone on its last line is shown."""
    _cells[path] = None


def cells() -> tuple[str, ...]:
    """The files of the cells of this process's notebook, in the order in which they ran."""
    return tuple(_cells)


def modules_around(scope: Scope) -> Iterator[ast.Module]:
    """The module that a function stands in, nearest first, then the other cells of its notebook."""
    around = _module_around.get(scope)
    own = around() if around is not None else None
    if own is None:
        return
    yield own
    cells = [each.tree for each in map(source_of, _cells) if each is not None]
    if any(each is own for each in cells):
        yield from (each for each in reversed(cells) if each is not own)


def is_cell(path: str) -> bool:
    """Whether a file holds a cell of a notebook, or is there no more."""
    return path in _cells or not Path(path).is_file()


def source_of(path: str) -> SourceFile | None:
    """A file as syntax; None where it can't be read. Cells of a notebook are in `linecache` alone."""
    held = _held.get(path)
    if held is not None:
        return _of_tree(held)
    try:
        stat = Path(path).stat()
    except (OSError, ValueError):
        lines = linecache.getlines(path)
        return _parsed("".join(lines)) if lines else None
    return _file(path, (stat.st_mtime_ns, stat.st_size))


def statement(place: Location) -> ast.stmt | None:
    """The innermost statement at a place."""
    source = source_of(place.path)
    return source.statement(place.line) if source is not None else None


def scope_of(place: Location) -> Scope | None:
    """The function or module around the statement at a place."""
    source = source_of(place.path)
    node = source.statement(place.line) if source is not None else None
    if source is None or node is None:
        return None
    return next((each for each in source.around(node) if isinstance(each, _SCOPES)), None)


def spans(node: ast.AST, place: Location) -> bool:
    """Whether a node covers a place; by its column too, where the place has one."""
    line, end_line = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0) or 0
    if not line <= place.line <= end_line:
        return False
    if not place.column:
        return True
    start, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0) or 0
    after = place.line > line or place.column - 1 >= start
    return after and (place.line < end_line or place.column - 1 < end)


def loops_at(place: Location) -> tuple[Loop, ...]:
    """The loops and comprehensions around a line within its function, innermost first."""
    source = source_of(place.path)
    node: ast.AST | None = source.statement(place.line) if source is not None else None
    if source is None or node is None:
        return ()
    inner_loops: list[Loop] = [
        inner.generators[-1]
        for inner in ast.walk(node)
        if isinstance(inner, _COMPREHENSIONS) and _inside_element(inner, place)
    ]
    found = inner_loops[::-1]
    for outer in source.around(node):
        if isinstance(outer, _SCOPES):
            break
        if isinstance(outer, _LOOPS) and node not in outer.orelse:
            found.append(outer)
        node = outer
    header = source.statement(place.line)
    if isinstance(header, ast.While) and spans(header.test, place):
        found.insert(0, header)  # a condition runs in each turn
    return tuple(found)


def _inside_element(node: ast.AST, place: Location) -> bool:
    """Whether a place stands in what a comprehension repeats, not in what it runs over."""
    if isinstance(node, ast.DictComp):
        return spans(node.key, place) or spans(node.value, place)
    assert isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp))
    inner = [each.iter for each in node.generators[1:]]
    conditions = [test for each in node.generators for test in each.ifs]
    return any(spans(part, place) for part in (node.elt, *inner, *conditions))


def argument(place: Location, name: str) -> Location:
    """The line on which a keyword argument of the call at a place is written out.

    Of a name that its function binds once it is the line that binds it; where the call has no such
    argument, it is the place itself.
    """
    node, scope = statement(place), scope_of(place)
    for inner in ast.walk(node) if node is not None else ():
        if isinstance(inner, ast.keyword) and inner.arg == name:
            written: ast.expr | ast.keyword = inner
            if isinstance(inner.value, ast.Name) and scope is not None:
                bound = [
                    each.value
                    for each in ast.walk(scope)
                    if isinstance(each, ast.Assign)
                    and any(called(target) == inner.value.id for target in each.targets)
                ]
                written = bound[0] if len(bound) == 1 else inner
            return replace(place, line=written.lineno, column=written.col_offset + 1)
    return place


def called(node: ast.AST) -> str:
    """The last name of what is called or named: ``fit`` of ``trainer.fit``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
