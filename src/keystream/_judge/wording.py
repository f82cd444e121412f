"""A mistake in the reader's own names: the variable that holds the key, the line as it should read."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from keystream._evidence.names import call_at, chain_at, dotted
from keystream._evidence.source import called, spans
from keystream._evidence.uses import Site, Stack
from keystream._findings import Location
from keystream._judge.rewriting import (
    is_on_its_rows,
    is_spelled,
    reads,
    rewritten,
    spellings,
    statement_at,
    uses_of,
)

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
        name: that holds the key: of a variable, a field or an entry.
    """

    place: Location
    name: str

    def with_key(self, name: str) -> str:
        """The statement as it reads with another key, not indented; empty where it can't be."""
        node = statement_at(self.place)
        if node is None:
            return ""
        call = chain_at(node, self.place)
        uses = uses_of([self.name], reads(node) if call is None else [call])
        changes = {use: name for use in uses if is_on_its_rows(use, node)}
        return rewritten(self.place.path, [node], changes) if changes else ""


def given(place: Location, made: Stack) -> Given | None:
    """The name under which the statement at a place is given a key.

    Args:
        place: of the statement.
        made: the lines that made the key, the last making first, and of one the innermost line: what
            they bind to the key is a name of it.
    """
    node = statement_at(place)
    if node is None:
        return None
    call = chain_at(node, place)
    if call is not None and _is_sampler(call) and is_spelled(call.args[0]):
        return Given(place, ast.unparse(call.args[0]))
    parts = [call] if call is not None else reads(node)
    read = [use for part in parts for use in spellings(part)]
    for line in made:
        maker = statement_at(line)
        if maker is node or line.path != place.path:
            continue
        bound = bound_by(maker, line)
        for use in read:
            text = ast.unparse(use)
            owner = ast.unparse(use.value) if isinstance(use, ast.Subscript) else ""
            if text in bound or owner in bound:
                return Given(place, text)
    return None


def bound_by(maker: ast.stmt | None, line: Location) -> set[str]:
    """The names that a statement binds to the key made at a place."""
    if not isinstance(maker, (ast.Assign, ast.AnnAssign, ast.For)):
        return set()
    return {
        ast.unparse(each)
        for target in _targets(maker, line)
        for each in ast.walk(target)
        if isinstance(each, (ast.Name, ast.Attribute, ast.Subscript))
        and isinstance(each.ctx, ast.Store)
    }


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
    node = statement_at(place)
    call = call_at(node, place) if node is not None else None
    if node is None or call is None:
        return None
    bound = dotted(node.targets[0]) if isinstance(node, ast.Assign) and node.value is call else ""
    text = ast.unparse(node if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Expr)) else call)
    return Seeded(ast.unparse(call), text, bound, called(call.func) in _SEEDING)


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
