"""How a key goes through functions: by which name each line of a stack has it."""

from __future__ import annotations

import ast
import re
from itertools import pairwise

from keystream._evidence.names import chain_at
from keystream._evidence.source import scope_of, spans
from keystream._evidence.uses import Stack
from keystream._findings import Location
from keystream._judge.rewriting import binds, is_spelled, spellings, statement_at, uses_of
from keystream._judge.wording import Given, given


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
        node = statement_at(place)
        call = chain_at(node, place) if node is not None else None
        here = given(place, made)
        if parameter and call is not None and uses_of([parameter], [call]):
            here = Given(place, parameter)
        found.append(here)
        inner = scope_of(stack[-number - 1]) if number < len(stack) else None
        parameter = ""
        if here is not None and call is not None and isinstance(inner, ast.FunctionDef):
            words = _words(call, inner).items()
            parameter = next((word for word, part in words if ast.unparse(part) == here.name), "")
    return found


def spelled(stack: Stack) -> list[Given]:
    """Of the lines of a stack, innermost first, how each could spell the key that is drawn from.

    Where it hands a function its ``state``, and the function draws from ``state.key``, that is
    ``state.key``. The lines end where one hands on something that has no name.
    """
    first = _key_given(stack[0]) if stack else None
    if first is None:
        return []
    found = [first]
    for inner, place in pairwise(stack):
        name = found[-1].name
        head = re.match(r"\w*", name)
        owner = head[0] if head is not None else name
        function = function_at(inner)
        if function is None or not binds(function, owner):
            found.append(Given(place, name))  # a variable of a function around it
            continue
        node = statement_at(place)
        call = chain_at(node, place) if node is not None else None
        part = _words(call, function).get(owner) if call is not None else None
        if part is None or not is_spelled(part):
            break
        found.append(Given(place, f"{ast.unparse(part)}{name.removeprefix(owner)}"))
    return found


_KEY = re.compile(r"(?:^|_)(?:key|keys|rng|prng|subkey)\d*(?:_|$)", re.IGNORECASE)


def _key_given(place: Location) -> Given | None:
    """What the call at a place is given that is a key by its place or by its name."""
    found = given(place, ())
    node = statement_at(place)
    if found is not None or node is None:
        return found
    call = chain_at(node, place)
    uses = [] if call is None else [use for part in _arguments(call) for use in spellings(part)]
    named = [use for use in uses if _KEY.search(_last_word(use))]
    return Given(place, ast.unparse(named[0])) if len(set(map(ast.unparse, named))) == 1 else None


def _last_word(use: ast.expr) -> str:
    match use:
        case ast.Subscript(slice=ast.Constant(value=str() as word)):
            return word
        case ast.Subscript(value=owner):
            return _last_word(owner)
        case _:
            return ast.unparse(use).rpartition(".")[2]


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def function_at(place: Location) -> ast.FunctionDef | ast.Lambda | None:
    """The function whose line a frame is, a lambda too; None at the top level."""
    node = statement_at(place)
    if node is not None and place.function.endswith("<lambda>"):
        found = [each for each in ast.walk(node) if isinstance(each, ast.Lambda)]
        inside = [each for each in found if spans(each, place)]
        return inside[-1] if inside else None
    scope = scope_of(place)
    return scope if isinstance(scope, (ast.FunctionDef, ast.Lambda)) else None


def _words(call: ast.Call, function: ast.FunctionDef | ast.Lambda) -> dict[str, ast.expr]:
    """What a call hands a function, by its parameters."""
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if names[:1] in (["self"], ["cls"]) and isinstance(call.func, ast.Attribute):
        del names[0]
    given_as = dict(zip(names, call.args, strict=False))
    return given_as | {each.arg: each.value for each in call.keywords if each.arg}
