"""Repairs: edits of the text that take a mistake away and leave comments and layout as they are.

A repair is *safe* if it changes no drawn bit of a program that runs; all others have to be asked for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from keystream._lint.facts import Fact, Site
from keystream._lint.mistakes import Mistake
from keystream._lint.module import Module

Place = tuple[int, int]  # line from 1, column in bytes of UTF-8 from 0, as `ast` counts


@dataclass(frozen=True, slots=True)
class Edit:
    """Text to put between two places."""

    start: Place
    end: Place
    text: str


@dataclass(frozen=True, slots=True)
class Repair:
    """What takes one finding away.

    Attributes:
        code: of the finding.
        line: of the finding.
        title: what is done, an imperative.
        safe: whether no drawn bit changes.
        edits: that belong together.
    """

    code: str
    line: int
    title: str
    safe: bool
    edits: tuple[Edit, ...]


class Text:
    """A source and its tree: which statement holds an expression, what stands before it."""

    def __init__(self, text: str, tree: ast.Module) -> None:
        self.lines = text.split("\n")
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
        self.tree = tree

    def statement(self, node: ast.AST) -> ast.stmt | None:
        """The statement around an expression, if it begins its line."""
        while not isinstance(node, ast.stmt):
            above = self.parents.get(node)
            if above is None or isinstance(above, ast.Lambda):
                return None
            node = above
        before = self.lines[node.lineno - 1].encode()[: node.col_offset]
        return (
            node
            if not before.strip() and not isinstance(node, ast.FunctionDef | ast.ClassDef)
            else None
        )

    def function(self, node: ast.AST) -> ast.AST | None:
        """The function around a node; None at the top level."""
        above = self.parents.get(node)
        while above is not None and not isinstance(
            above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
        ):
            above = self.parents.get(above)
        return above

    def is_local(self, name: str, node: ast.AST) -> bool:
        """Whether a name may be bound anew where a node stands."""
        function = self.function(node)
        if function is None:
            return True
        arguments = getattr(function, "args", None)
        parameters = (
            {
                parameter.arg
                for parameter in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
            }
            if isinstance(arguments, ast.arguments)
            else set[str]()
        )
        return name in parameters or any(
            isinstance(part, ast.Name)
            and part.id == name
            and isinstance(part.ctx, ast.Store)
            and self.function(part) is function
            for part in ast.walk(function)
        )

    def unused(self, name: str, node: ast.AST) -> str:
        """The name, with a number if it is taken where a node stands."""
        number, found = 2, name
        taken = {
            part.id if isinstance(part, ast.Name) else part.arg
            for part in ast.walk(self.function(node) or self.tree)
            if isinstance(part, ast.Name | ast.arg)
        }
        while found in taken:
            found, number = f"{name}_{number}", number + 1
        return found

    def indent(self, node: ast.stmt) -> str:
        """What stands before a statement."""
        return self.lines[node.lineno - 1][
            : len(self.lines[node.lineno - 1]) - len(self.lines[node.lineno - 1].lstrip())
        ]


def repairs(module: Module, text: Text) -> Iterator[Repair]:
    """All repairs that are known for what was found."""
    yield from _of_facts(module, text)
    for mistake in module.mistakes:
        if mistake.site.path != module.path:
            continue
        found: Repair | None = None
        if mistake.repeat.turn is not None:
            found = _in_loop(mistake, text)
        elif mistake.code in ("KS101", "KS102"):
            found = _in_line(mistake, text)
        if found is not None:
            yield found


def _of_facts(module: Module, text: Text) -> Iterator[Repair]:
    legacy = [edit for fact in module.seen("legacy") if (edit := _typed(fact)) is not None]
    if legacy:
        line = next(module.seen("legacy")).site.line
        yield Repair("KS105", line, "Make typed keys", False, tuple(legacy))
    for fact in module.seen("split_discarded"):
        found = _removed(fact, text)
        if found is not None:
            yield found
    for fact in module.seen("rng_keyword"):
        yield from _renamed_keyword(fact, text)
    for fact in module.seen("flag_inverted"):
        yield from _negated(fact)
    for fact in module.seen("rate"):
        yield from _as_fraction(fact, text)
    for fact in module.seen("lifted"):
        yield from _split_too(fact)


def _span(node: ast.expr, new: str) -> Edit:
    return Edit(
        (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0), new
    )


def _typed(fact: Fact) -> Edit | None:
    node = fact.site.node
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute) and function.end_lineno == function.lineno:
        end = (function.lineno, function.end_col_offset or 0)
        return Edit((end[0], end[1] - len(function.attr)), end, "key")
    return None


def _removed(fact: Fact, text: Text) -> Repair | None:
    """An expression statement that does nothing is taken out; a block keeps a `pass`."""
    statement = text.statement(fact.site.node)
    if not isinstance(statement, ast.Expr):
        return None
    above = text.parents[statement]
    alone = any(
        block == [statement]
        for block in (getattr(above, name, None) for name in ("body", "orelse", "finalbody"))
    )
    last = text.lines[(statement.end_lineno or 1) - 1].encode()
    if last[statement.end_col_offset or 0 :].strip():
        alone = True  # a comment follows, which stays
    if alone:
        edit = _span(statement.value, "pass")
    else:
        edit = Edit((statement.lineno, 0), ((statement.end_lineno or 0) + 1, 0), "")
    return Repair("KS107", fact.site.line, "Remove the split", True, (edit,))


def _renamed_keyword(fact: Fact, text: Text) -> Iterator[Repair]:
    node = fact.site.node
    for keyword in node.keywords if isinstance(node, ast.Call) else ():
        if keyword.arg == "rng":
            start = (keyword.lineno, keyword.col_offset)
            if text.lines[start[0] - 1].encode()[start[1] :].startswith(b"rng"):
                edit = Edit(start, (start[0], start[1] + 3), "rngs")
                yield Repair("KS406", fact.site.line, "Write rngs=", True, (edit,))


def _negated(fact: Fact) -> Iterator[Repair]:
    node = fact.site.node
    for keyword in node.keywords if isinstance(node, ast.Call) else ():
        if keyword.arg == fact.data["flag"]:
            value = keyword.value
            if isinstance(value, ast.UnaryOp):
                edit = _span(value, ast.unparse(value.operand))
            else:
                edit = _span(value, f"not {ast.unparse(value)}")
            yield Repair("KS602", fact.site.line, "Negate the flag", False, (edit,))


def _as_fraction(fact: Fact, text: Text) -> Iterator[Repair]:
    del text
    node, rate = fact.site.node, fact.data["rate"]
    if not (isinstance(node, ast.Call) and 2 <= rate <= 100):
        return
    values = [
        *node.args[:1],
        *(keyword.value for keyword in node.keywords if keyword.arg in ("rate", "p")),
    ]
    for value in values:
        if isinstance(value, ast.Constant) and value.value == rate:
            yield Repair(
                "KS603",
                fact.site.line,
                "Write the percentage as a rate",
                False,
                (_span(value, f"{rate / 100:g}"),),
            )


def _split_too(fact: Fact) -> Iterator[Repair]:
    node = fact.site.node
    flags = fact.data["flags"]
    if not isinstance(node, ast.Dict) or flags.get("params") is not True:
        return
    edits = [
        _span(value, "True")
        for name, value in zip(node.keys, node.values, strict=True)
        if isinstance(name, ast.Constant)
        and name.value != "params"
        and isinstance(value, ast.Constant)
        and value.value is False
    ]
    if edits:
        yield Repair("KS305", fact.site.line, "Split the stream too", False, tuple(edits))


# Keys.


def _key_names(site: Site) -> list[ast.Name]:
    """The arguments of a call that are plain names of keys."""
    node = site.node
    if not isinstance(node, ast.Call):
        return []
    values = [*node.args, *(keyword.value for keyword in node.keywords)]
    return [value for value in values if isinstance(value, ast.Name) and _KEY.search(value.id)]


_KEY = re.compile(r"(?:^|_)(?:key|rng|prng|subkey|k|seed)\d*(?:_|$)", re.IGNORECASE)


def _key_given(mistake: Mistake) -> tuple[ast.Name, ast.Name] | None:
    """The key's name in the earlier and the later call, where both are plain and the same."""
    repeat = mistake.repeat
    if not (isinstance(repeat.earlier.node, ast.Call) and isinstance(repeat.site.node, ast.Call)):
        return None
    first, second = _key_names(repeat.earlier), _key_names(repeat.site)
    shared = [(one, other) for one in first for other in second if one.id == other.id]
    return shared[0] if len(shared) == 1 else None


def _in_line(mistake: Mistake, text: Text) -> Repair | None:
    """Give the earlier use a key of its own, split off before it."""
    given = _key_given(mistake)
    if given is None or mistake.repeat.first.kind == "split":
        return None
    name = given[0]
    statement, later = text.statement(name), text.statement(given[1])
    if statement is None or later is None or statement is later or not text.is_local(name.id, name):
        return None
    if text.function(name) is not text.function(given[1]) or _bound_in(statement, name.id):
        return None
    if text.parents[statement] is not text.parents[later] and not _is_above(text, statement, later):
        return None
    own = text.unused(_own_name(statement, name.id), name)
    line = f"{text.indent(statement)}{name.id}, {own} = {_split(text)}({name.id})\n"
    edits = (Edit((statement.lineno, 0), (statement.lineno, 0), line), _span(name, own))
    return Repair(
        mistake.code,
        mistake.site.line,
        f"Split a key off for line {statement.lineno}",
        False,
        edits,
    )


def _is_above(text: Text, statement: ast.stmt, later: ast.AST) -> bool:
    """Whether the earlier statement stands in a block around the later one."""
    block = text.parents[statement]
    above = text.parents.get(later)
    while above is not None:
        if above is block:
            return True
        above = text.parents.get(above)
    return False


def _bound_in(statement: ast.stmt, name: str) -> bool:
    return any(
        isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Store)
        for part in ast.walk(statement)
    )


def _own_name(statement: ast.stmt, key: str) -> str:
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        target = statement.targets[0].id
        if target.isidentifier() and target != "_":
            return f"{target}_{key}" if "key" in key or "rng" in key else f"{target}_key"
    return f"sub{key}" if key in ("key", "rng") else f"{key}_own"


def _split(text: Text) -> str:
    source = "\n".join(text.lines)
    if re.search(r"^\s*import jax\s*(?:#.*)?$", source, re.MULTILINE):
        return "jax.random.split"
    for pattern, form in (
        (r"^\s*import jax\.random as (\w+)", "{}.split"),
        (r"^\s*from jax import random as (\w+)", "{}.split"),
        (r"^\s*from jax import (?:\w+, )*random\b", "random.split"),
        (r"^\s*import jax\b", "jax.random.split"),
    ):
        match = re.search(pattern, source, re.MULTILINE)
        if match is not None:
            return form.format(*match.groups())
    return "jax.random.split"


def _in_loop(mistake: Mistake, text: Text) -> Repair | None:
    turn = mistake.repeat.turn
    if turn is None or mistake.code not in ("KS101", "KS201", "KS203", "KS304"):
        return None
    names = _key_names(mistake.site)
    if len({name.id for name in names}) != 1:
        return None
    name = names[0]
    if isinstance(turn.node, ast.comprehension):
        return _over_keys(mistake, turn.node, name, text)
    if not isinstance(turn.node, ast.For | ast.While):
        return None
    first = turn.node.body[0]
    if text.statement(first) is None or not text.is_local(name.id, name):
        return None
    if text.function(name) is not text.function(first) or _bound_in(turn.node, name.id):
        return None
    own = text.unused(f"step_{name.id}" if name.id in ("key", "rng") else f"{name.id}_now", name)
    line = f"{text.indent(first)}{name.id}, {own} = {_split(text)}({name.id})\n"
    edits = (Edit((first.lineno, 0), (first.lineno, 0), line), _span(name, own))
    return Repair(mistake.code, mistake.site.line, "Split a key off in each turn", False, edits)


def _over_keys(
    mistake: Mistake, loop: ast.comprehension, name: ast.Name, text: Text
) -> Repair | None:
    """``for _ in range(n)`` becomes ``for key in split(key, n)``."""
    iterated = loop.iter
    if not (
        isinstance(iterated, ast.Call)
        and isinstance(iterated.func, ast.Name)
        and iterated.func.id == "range"
        and len(iterated.args) == 1
        and isinstance(loop.target, ast.Name)
        and loop.target.id == "_"
    ):
        return None
    count = ast.unparse(iterated.args[0])
    edits = (_span(loop.target, name.id), _span(iterated, f"{_split(text)}({name.id}, {count})"))
    return Repair(mistake.code, mistake.site.line, "Split a key for each element", False, edits)
