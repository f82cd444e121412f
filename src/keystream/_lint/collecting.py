"""What each turn of a loop adds to a collection: members of an ensemble, say, which should differ."""

from __future__ import annotations

import ast

from keystream._lint.dataflow import reads
from keystream._lint.facts import Facts, Site
from keystream._lint.turns import variables
from keystream._lint.walking import walk

_ADDS = ("append", "add", "appendleft")


def is_member(site: Site, facts: Facts) -> bool:
    """Whether a call makes a member of a collection in each turn, or a part of one."""
    return _is_collected(site) or _is_boxed(site, facts)


def _is_collected(site: Site) -> bool:
    """Whether a call's value becomes an element of a collection in each turn of the loop around it.

    It is the element of a comprehension, it is appended, or it is put under a key; or the one name that
    it is bound to is read for nothing else.
    """
    turn = site.turns[-1] if site.turns else None
    if turn is None:
        return False
    if turn.kind == "comprehension":
        return True
    statement = site.statement
    if turn.kind != "for" or statement is None:
        return False
    if _added(statement) is site.node or _put(statement) is site.node:
        return True
    if not site.target or getattr(statement, "value", None) is not site.node:
        return False
    return _is_kept_as_made(site.target, turn.node)


def _is_kept_as_made(name: str, loop: ast.AST) -> bool:
    """Whether a turn adds what a name holds, itself or beside what it makes of it, and does no more.

    ``members.append((params, optimiser.init(params)))``, and the state of the optimiser may have a name.
    """
    statements = [part for part in walk(loop) if isinstance(part, ast.stmt)]
    added = [
        value for each in statements for value in (_added(each), _put(each)) if value is not None
    ]
    if not any(
        isinstance(part, ast.Name) and part.id == name for each in added for part in _parts(each)
    ):
        return False
    names, kept = {name}, {id(part) for each in added for part in walk(each)}
    for each in statements:
        match each:
            case ast.Assign([ast.Name(id=further)], value) if reads(value) & names:
                if further in names:
                    return False  # it goes on with it
                names.add(further)
                kept |= {id(part) for part in walk(value)}
            case _:
                pass
    return all(
        id(part) in kept
        for part in walk(loop)
        if isinstance(part, ast.Name) and part.id in names and isinstance(part.ctx, ast.Load)
    )


def _parts(value: ast.expr) -> list[ast.expr]:
    """The elements of a display; of another expression itself."""
    match value:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(values=parts):
            return parts
        case _:
            return [value]


def _is_boxed(site: Site, facts: Facts) -> bool:
    """Whether a turn adds an object that holds the call's value, and turns differ by their keys at most.

    A setting that the turn gives beside makes it one of a sweep, whose runs may begin alike.
    """
    loop = site.turns[-1].node if site.turns else None
    if not isinstance(loop, ast.For) or getattr(site.statement, "value", None) is not site.node:
        return False
    boxes = [value for part in walk(loop) if isinstance(part, ast.stmt) and (value := _added(part))]
    given = [each for box in boxes if box in facts.objects for each in _arguments(box)]
    if not any(isinstance(each, ast.Name) and each.id == site.target for each in given):
        return False
    own = variables(loop)
    derived = {id(part) for call in walk(loop) if call in facts.deriving for part in walk(call)}
    return not any(
        isinstance(part, ast.Name) and part.id in own and id(part) not in derived
        for statement in loop.body
        for part in walk(statement)
    )


def _arguments(call: ast.AST) -> list[ast.expr]:
    """The arguments of a call, as they are spelt."""
    if not isinstance(call, ast.Call):
        return []
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def is_the_same_in_all_turns(site: Site) -> bool:
    """Whether a call spells out nothing of the loop around it that changes from turn to turn."""
    bound = set(variables(site.turns[-1].node)) if site.turns else set[str]()
    return not any(isinstance(part, ast.Name) and part.id in bound for part in walk(site.node))


def _added(statement: ast.stmt) -> ast.expr | None:
    """What ``xs.append(value)`` adds."""
    match statement:
        case ast.Expr(ast.Call(ast.Attribute(attr=method), [value])) if method in _ADDS:
            return value
        case _:
            return None


def _put(statement: ast.stmt) -> ast.expr | None:
    """What ``xs[name] = value`` puts there."""
    match statement:
        case ast.Assign([ast.Subscript()], value):
            return value
        case _:
            return None
