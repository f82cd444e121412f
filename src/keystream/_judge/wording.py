"""A mistake in the reader's own names: the variable that holds the key, the line as it should read."""

from __future__ import annotations

import ast
import linecache
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from keystream._evidence.names import call_at, chain_at, dotted, header
from keystream._evidence.source import called, scope_of, spans, statement
from keystream._evidence.uses import Site, Stack
from keystream._findings import Location

_FRAMEWORKS = (
    ("/flax/nnx/", "nnx"),
    ("/flax/", "linen"),
    ("/haiku/", "haiku"),
    ("/equinox/", "equinox"),
    ("/keras/", "keras"),
    ("/numpyro/", "numpyro"),
)


def framework(*sites: Site) -> str:
    """The framework whose frames stand on the way to the draws; empty for plain JAX."""
    places = [place for site in sites for place in (*site.library, *site.trail)]
    found = (name for part, name in _FRAMEWORKS if any(part in place.path for place in places))
    return next(found, "")


@dataclass(frozen=True, slots=True)
class Given:
    """A statement to which a key is given under a name.

    Attributes:
        place: of the statement.
        name: that holds the key: a variable's or an attribute's.
    """

    place: Location
    name: str

    def with_key(self, name: str) -> str:
        """The statement as it reads with another key, without its indentation."""
        return with_keys([(self, name)])


def with_keys(changed: Sequence[tuple[Given, str]]) -> str:
    """A statement as it reads with other keys in some of its calls, without its indentation."""
    first = changed[0][0].place
    node = statement(first)
    linecache.checkcache(first.path)  # it may have been written anew since
    lines = linecache.getlines(first.path)
    if node is None or not lines:
        return ""
    last = node.end_lineno or node.lineno
    if not isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)):
        last = node.lineno  # of a compound statement its header
    if last > len(lines):
        return ""  # the file, or the cell, is another one by now
    text = [line.rstrip("\n") for line in lines[node.lineno - 1 : last]]
    uses = [
        (each, key)
        for use, key in changed
        for each in ast.walk(chain_at(node, use.place) or node)
        if isinstance(each, (ast.Name, ast.Attribute))
        and dotted(each) == use.name
        and each.lineno <= last
    ]
    for use, key in sorted(
        uses, key=lambda each: (each[0].lineno, each[0].col_offset), reverse=True
    ):
        row = use.lineno - node.lineno
        raw = text[row].encode()  # columns of syntax count bytes
        end = use.end_col_offset or use.col_offset
        text[row] = (raw[: use.col_offset] + key.encode() + raw[end:]).decode()
    return textwrap.dedent("\n".join(text))


def given(place: Location, made: Stack) -> Given | None:
    """The name under which the statement at a place is given a key.

    Args:
        place: of the statement.
        made: the lines that made the key, the last making first, and of one the innermost line: what
            they bind to the key is a name of it.
    """
    node = statement(place)
    if node is None:
        return None
    call = chain_at(node, place)
    parts = [call] if call is not None else header(node)[1]
    every = (each for part in parts for each in ast.walk(part))
    read = [dotted(each) for each in every if isinstance(each, (ast.Name, ast.Attribute))]
    names: list[str] = []
    for line in made:
        maker = statement(line)
        if names or maker is node or line.path != place.path:
            continue
        if isinstance(maker, (ast.Assign, ast.AnnAssign, ast.For)):
            bound = {
                dotted(each)
                for target in _targets(maker, line)
                for each in ast.walk(target)
                if isinstance(each, (ast.Name, ast.Attribute)) and isinstance(each.ctx, ast.Store)
            } - {""}
            names = [name for name in read if name in bound]
    if not names and call is not None and _is_sampler(call) and isinstance(call.args[0], ast.Name):
        names = [call.args[0].id]
    return Given(place, names[0]) if names else None


@dataclass(frozen=True, slots=True)
class Seeded:
    """How a line makes a key of a seed.

    Attributes:
        call: that makes it, as source.
        statement: around the call.
        name: that is bound to the key; empty where it is none.
        plain: whether it is JAX that makes a key, and no framework an object of its own.
    """

    call: str
    statement: str
    name: str
    plain: bool


_SEEDING = frozenset({"key", "PRNGKey"})


def seeded(place: Location) -> Seeded | None:
    """What the line at a place makes of a seed; None where it can't be read."""
    node = statement(place)
    call = call_at(node, place) if node is not None else None
    if node is None or call is None:
        return None
    bound = dotted(node.targets[0]) if isinstance(node, ast.Assign) and node.value is call else ""
    text = ast.unparse(node if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Expr)) else call)
    return Seeded(ast.unparse(call), text, bound, called(call.func) in _SEEDING)


def handed(stack: Stack, made: Stack) -> list[Given | None]:
    """Of each line of a stack, outermost first, the name under which it is given a key.

    A function's parameter is a name of the key where its caller hands it one.

    Args:
        stack: of a use, innermost line first.
        made: as of `given`.
    """
    found: list[Given | None] = []
    parameter = ""
    for number, place in enumerate(reversed(stack), 1):
        node = statement(place)
        call = chain_at(node, place) if node is not None else None
        here = given(place, made)
        if parameter and call is not None and parameter in map(dotted, ast.walk(call)):
            here = Given(place, parameter)
        found.append(here)
        inner = scope_of(stack[-number - 1]) if number < len(stack) else None
        parameter = ""
        if here is not None and call is not None and isinstance(inner, ast.FunctionDef):
            parameter = _parameter(call, here.name, inner)
    return found


def _parameter(call: ast.Call, name: str, function: ast.FunctionDef) -> str:
    """The parameter of a function in which a call hands it a name; empty where it hands none."""
    for keyword in call.keywords:
        if dotted(keyword.value) == name:
            return keyword.arg or ""
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if names[:1] in (["self"], ["cls"]) and isinstance(call.func, ast.Attribute):
        del names[0]
    given_as = (word for word, part in zip(names, call.args, strict=False) if dotted(part) == name)
    return next(given_as, "")


def _targets(maker: ast.Assign | ast.AnnAssign | ast.For, line: Location) -> list[ast.expr]:
    """What a statement binds to the key made at a place: of ``key, w = make(), 0`` the first."""
    if isinstance(maker, ast.For):
        return [maker.target]
    if isinstance(maker, ast.AnnAssign):
        return [maker.target] if maker.value is not None and _is_made(maker.value, line) else []
    found: list[ast.expr] = []
    for target in maker.targets:
        value = maker.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = zip(target.elts, value.elts, strict=False)
            found += [part for part, made in pairs if _is_made(made, line)]
        elif _is_made(value, line):
            found.append(target)
    return found


def _is_made(value: ast.expr, line: Location) -> bool:
    """Whether a value is what the call at a place gives, and nothing that was made of that."""
    match value:
        case ast.Subscript():
            return _is_made(value.value, line)
        case ast.IfExp():
            return _is_made(value.body, line) or _is_made(value.orelse, line)
        case ast.Call():
            inside = any(spans(part, line) for part in (*value.args, *value.keywords))
            return spans(value, line) and not (inside and line.column)
        case _:
            return False


def _is_sampler(call: ast.Call) -> bool:
    """Whether a call is one of ``jax.random``, whose first argument is the key."""
    return bool(call.args) and ast.unparse(call.func).startswith(("jax.random.", "random.", "jr."))
