"""Whether what one use of a draw adds another subtracts: masks that cancel, mirrored noise.

``x + noise(key)`` here and ``y - noise(key)`` there, or both in the alternatives of one expression:
``total + mask if first else total - mask``. Read from the syntax, at the line that draws, or else at
the one that calls its function.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from keystream._evidence.comparing import bare
from keystream._evidence.names import chain_at, dotted, header, step_of, steps_of
from keystream._evidence.source import called, scope_of, statement
from keystream._evidence.uses import Stack
from keystream._findings import Location

_LEVELS = 2  # the line that draws, and the one that calls its function
_BOTH = ("both", "")

_Sign = tuple[str, str]  # "+", "-" or both, and the factor
_Signs = dict[_Sign, ast.stmt]  # with the statement of each


def cancels(first: Stack, second: Stack) -> bool:
    """Whether of two draws the one is added and the other subtracted, each with the same factor.

    Not in one statement: what draws there of two keys wants two numbers.

    Args:
        first: the lines that lead to the one draw, innermost first.
        second: those that lead to the other.
    """
    one, other = _signs(first), _signs(second)
    if _BOTH in one and _BOTH in other:
        return True
    if not len(one) == len(other) == 1:
        return False
    ((sign, factor), here), ((inverse, scale), there) = *one.items(), *other.items()
    return {sign, inverse} == {"+", "-"} and factor == scale and here is not there


def _signs(stack: Stack) -> _Signs:
    """How a draw is added or subtracted: at its line, or else where its function is called."""
    for place in stack[:_LEVELS]:
        found = dict(_signs_at(place))
        if _BOTH in found:
            return {_BOTH: found[_BOTH]}
        if found:
            return found
    return {}


def _signs_at(place: Location) -> Iterator[tuple[_Sign, ast.stmt]]:
    node, scope = statement(place), scope_of(place)
    call = chain_at(node, place) if node is not None else None
    if node is None or scope is None or call is None:
        return
    bound = isinstance(node, ast.Assign) and _drawn(bare(node.value), call, frozenset()) is not None
    names = step_of(node).stores if bound else frozenset[str]()
    for step in steps_of(scope):
        if step.node is node or (names and step.node.lineno > node.lineno):
            for each in _sums_of(step.node):
                yield from ((sign, step.node) for sign in _signs_in(each, call, names))


@lru_cache(maxsize=2048)
def _sums_of(node: ast.stmt) -> tuple[ast.AST, ...]:
    """The expressions of a statement that may add or subtract; most have none, and each draw asks."""
    return tuple(
        each
        for part in header(node)[1]
        for each in ast.walk(part)
        if isinstance(each, (ast.IfExp, ast.Call, ast.BinOp))
    )


def _signs_in(node: ast.AST, call: ast.Call, names: frozenset[str]) -> Iterator[_Sign]:
    match node:
        case ast.IfExp(body=one, orelse=other) if _are_mirrored(one, other, call, names):
            yield _BOTH
        case ast.Call(args=[_, one, other]) if called(node.func) in ("where", "select"):
            if _are_mirrored(one, other, call, names):
                yield _BOTH
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            for side in (left, right):
                factor = _drawn(side, call, names)
                if factor is not None:
                    yield "+", factor
        case ast.BinOp(op=ast.Sub(), right=right):
            factor = _drawn(right, call, names)
            if factor is not None:
                yield "-", factor
        case _:
            pass


def _are_mirrored(one: ast.expr, other: ast.expr, call: ast.Call, names: frozenset[str]) -> bool:
    """Whether of two alternatives the one adds the draw to what the other subtracts it from."""
    match one, other:
        case ast.BinOp(left=a, op=op, right=r), ast.BinOp(left=b, op=inverse, right=s):
            signs = {type(op), type(inverse)}
            drawn = _drawn(r, call, names), _drawn(s, call, names)
            mirrored = signs == {ast.Add, ast.Sub} and ast.dump(a) == ast.dump(b)
            return mirrored and drawn[0] is not None and drawn[0] == drawn[1]
        case _:
            return False


def _drawn(node: ast.AST, call: ast.Call, names: frozenset[str]) -> str | None:
    """The factor of a draw, as text; empty where there is none, and None where it is no draw."""
    if node is call or (isinstance(node, ast.Name) and dotted(node) in names):
        return ""
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            for side, factor in ((left, right), (right, left)):
                if _drawn(side, call, names) == "":
                    return ast.unparse(factor)
        case _:
            pass
    return None
