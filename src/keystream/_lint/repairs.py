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
from keystream._lint.walking import children, walk

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
        wakes: whether draws happen then that were off, whose own mistakes come to light with them.
    """

    code: str
    line: int
    title: str
    safe: bool
    edits: tuple[Edit, ...]
    wakes: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no repair for a finding of a kind that others are repaired of.

    Attributes:
        code: of the finding.
        line: of the finding.
        reason: a clause, such as ``its key is no plain name``.
    """

    code: str
    line: int
    reason: str


class Text:
    """A source and its tree: which statement holds an expression, what stands before it."""

    def __init__(self, text: str, tree: ast.Module) -> None:
        self.lines = text.split("\n")
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in walk(tree):
            for child in children(node):
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
            for part in walk(function)
        )

    def unused(self, name: str, node: ast.AST) -> str:
        """The name, with a number if it is taken where a node stands."""
        number, found = 2, name
        taken = {
            part.id if isinstance(part, ast.Name) else part.arg
            for part in walk(self.function(node) or self.tree)
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


def repairs(module: Module, text: Text) -> Iterator[Repair | Refusal]:
    """All repairs that are known for what was found, and why others can't be made."""
    yield from _of_facts(module, text)
    for mistake in module.mistakes:
        if mistake.site.path != module.path:
            continue
        found: Repair | str | None = None
        if mistake.repeat.turn is not None:
            found = _in_loop(mistake, text)
        elif mistake.code in ("KS101", "KS102"):
            found = _in_line(mistake, module, text)
        if isinstance(found, str):
            yield Refusal(mistake.code, mistake.site.line, found)
        elif found is not None:
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
            edit = _span(keyword.value, fact.data["other"])
            yield Repair("KS602", fact.site.line, "Negate the flag", False, (edit,), wakes=True)


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


_NOT_PLAIN = "its key is not given by a plain name of one variable"
_ELSEWHERE = "the key is bound outside of this function, so a split would bind another one"
_APART = "its uses stand in different functions or branches"


def _in_line(mistake: Mistake, module: Module, text: Text) -> Repair | str:
    """Give every use of the key but the last one a key of its own, split off before it."""
    names = _uses(mistake, module)
    if isinstance(names, str):
        return names
    if mistake.repeat.first.kind == "split":
        return "the key was split before it is used again, and which of the two was meant is open"
    *earlier, last = names
    target = text.statement(last)
    if target is None:
        return "a use stands within a lambda, or shares its line with another statement"
    key = last.id
    statements: dict[ast.stmt, list[ast.Name]] = {}
    for name in earlier:
        statement = text.statement(name)
        if statement is None:
            return "a use stands within a lambda, or shares its line with another statement"
        if not text.is_local(key, name):
            return _ELSEWHERE
        same_block = text.parents[statement] is text.parents[target]
        if text.function(name) is not text.function(last) or not (
            same_block or _is_above(text, statement, target)
        ):
            return _APART
        if _bound_in(statement, key) or (statement is target and not isinstance(target, _SIMPLE)):
            return "the statement of a use binds the key itself, or holds other statements"
        statements.setdefault(statement, []).append(name)
    edits = [edit for each, uses in statements.items() for edit in _own_keys(each, uses, text)]
    lines = sorted({statement.lineno for statement in statements})
    where = ", ".join(map(str, lines))
    title = f"Split a key off for line{'s' * (len(lines) > 1)} {where}"
    return Repair(mistake.code, mistake.site.line, title, False, tuple(edits))


_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)


def _uses(mistake: Mistake, module: Module) -> list[ast.Name] | str:
    """The key's name in all calls that are given it one after the other; why one is given no name."""
    repeat = mistake.repeat
    sites: dict[ast.AST, Site] = {}
    for each in module.facts.repeats:
        of_key = each.second.key is repeat.second.key and each.site.function == repeat.site.function
        if each is repeat or (of_key and each.turn is None and each.level == repeat.level):
            sites.update({each.earlier.node: each.earlier, each.site.node: each.site})
    given = {node: _key_names(site) for node, site in sites.items()}
    two = [{name.id for name in given[site.node]} for site in (repeat.earlier, repeat.site)]
    shared = set.intersection(*two)
    if len(shared) != 1:
        return _NOT_PLAIN
    (key,) = shared
    found: list[ast.Name] = []
    for node, names in given.items():
        name = next((name for name in names if name.id == key), None)
        if name is None:
            return f"line {sites[node].line} draws from the same key too, not by the name `{key}`"
        found.append(name)
    return sorted(found, key=lambda name: (name.lineno, name.col_offset))


def _own_keys(statement: ast.stmt, uses: list[ast.Name], text: Text) -> Iterator[Edit]:
    """A line that splits keys off before a statement, and their names in it."""
    key, owns = uses[0].id, list[str]()
    for use in uses:
        own = text.unused(_own_name(statement, key), use)
        number, bare = 2, own
        while own in owns:
            own, number = f"{bare}_{number}", number + 1
        owns.append(own)
    count = f", {len(owns) + 1}" if len(owns) > 1 else ""
    line = f"{text.indent(statement)}{key}, {', '.join(owns)} = {_split(text)}({key}{count})\n"
    yield Edit((statement.lineno, 0), (statement.lineno, 0), line)
    yield from (_span(use, own) for use, own in zip(uses, owns, strict=True))


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
        for part in walk(statement)
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


def _in_loop(mistake: Mistake, text: Text) -> Repair | str | None:
    turn = mistake.repeat.turn
    if turn is None or mistake.code not in ("KS101", "KS201", "KS203", "KS304"):
        return None
    names = _key_names(mistake.site)
    if len({name.id for name in names}) != 1:
        return _NOT_PLAIN
    name = names[0]
    if isinstance(turn.node, ast.comprehension):
        return _over_keys(mistake, turn.node, name, text) or (
            "it stands in a comprehension that is none over range(n) without a variable"
        )
    if not isinstance(turn.node, ast.For | ast.While):
        return None
    first = turn.node.body[0]
    if text.statement(first) is None:
        return "the body of the loop begins on the line of the loop, or with a definition"
    if not text.is_local(name.id, name):
        return _ELSEWHERE
    if text.function(name) is not text.function(first):
        return _APART
    if _bound_in(turn.node, name.id):
        return "the loop binds the key itself"
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
