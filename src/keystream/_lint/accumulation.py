"""Gradient accumulation, by its structure: gradients of one step's parts are summed in a loop.

In an accumulation the gradient is taken inside the loop, of something that the loop does not train: what
a turn hands to the next is the sum alone. In a training loop the trained thing itself is handed on.
"""

from __future__ import annotations

import ast

from keystream._evidence.loops import enters_state, turn_of
from keystream._evidence.names import Step, names_read, overlap, reach, steps_of
from keystream._lint.facts import Repeat
from keystream._lint.walking import walk

_CARRY = {"scan": 0, "fori_loop": 1, "while_loop": 0}  # which parameter of the body is the carry


def accumulates(repeat: Repeat) -> bool:
    """Whether the turns of a repeated use are the microbatches of one step."""
    turn, use = repeat.turn, repeat.second
    if turn is None or not use.graded > turn.graded:
        return False
    if isinstance(turn.node, ast.For | ast.AsyncFor):
        here = turn_of(repeat.site.location(), turn.node)
        if here is None or here.carried or here.changing:
            return False
        return here.used and enters_state(repeat.site.location(), turn.node)
    position = _CARRY.get(turn.kind)
    if position is None or len(use.chain) <= repeat.level + 1:
        return False
    body, inner = repeat.site.callee, use.chain[repeat.level + 1]
    return _only_sums(body, position, inner.node) if _is_function(body) else False


def _is_function(body: object) -> bool:
    return isinstance(body, ast.FunctionDef | ast.Lambda)


def _only_sums(body: ast.FunctionDef | ast.Lambda, position: int, call: ast.AST) -> bool:
    """Whether the gradient in a loop body takes nothing that the body hands on changed."""
    parameters = [*body.args.posonlyargs, *body.args.args]
    if position >= len(parameters):
        return False
    carry = parameters[position].arg
    given = names_read(call)
    if isinstance(body, ast.Lambda):
        return not overlap({carry}, given)
    steps = steps_of(body)
    unpacked = [step for step in steps if step.loads == frozenset({carry}) and step.stores]
    rest = [step for step in steps if step not in unpacked]
    parts = set[str]().union(*(step.stores for step in unpacked))
    handed_on = {name for name in parts if _is_changed(body, name, rest)} | {carry}
    before = [step for step in rest if step.node.lineno < getattr(call, "lineno", 0)]
    return not overlap(given, reach(handed_on, before))


def _is_changed(body: ast.FunctionDef, name: str, steps: list[Step]) -> bool:
    """Whether a part of the carry is computed anew: bound again, or not returned as it came."""
    if any(name in step.stores for step in steps):
        return True
    returned = [part.value for part in walk(body) if isinstance(part, ast.Return)]
    return not any(name in names_read(value) for value in returned)
