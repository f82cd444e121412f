"""Gradient accumulation, by its structure: gradients of one step's parts are summed in a loop.

In an accumulation the gradient is taken inside the loop, of something that the loop does not train: what
a turn hands to the next is the sum alone. In a training loop the trained thing itself is handed on.
"""

from __future__ import annotations

import ast

from keystream._lint.dataflow import Flow, binds, feeds_back, flow_of, given_to, reads
from keystream._lint.facts import Repeat
from keystream._lint.walking import walk

_CARRY = {"scan": 0, "fori_loop": 1, "while_loop": 0}  # which parameter of the body is the carry


def accumulates(repeat: Repeat) -> bool:
    """Whether the turns of a repeated use are the microbatches of one step."""
    turn, use = repeat.turn, repeat.second
    if turn is None or not use.graded > turn.graded:
        return False
    if isinstance(turn.node, ast.For | ast.AsyncFor):
        flow, site = flow_of(turn.node), repeat.site
        if feeds_back(flow, site.node, site.statement):
            return False
        trained = flow.sources(given_to(site.node)) & flow.carried
        return not trained and bool(_summed(flow, site.statement))
    position = _CARRY.get(turn.kind)
    if position is None or len(use.chain) <= repeat.level + 1:
        return False
    body, inner = repeat.site.callee, use.chain[repeat.level + 1]
    return _only_sums(body, position, inner.node) if _is_function(body) else False


def _summed(flow: Flow, statement: ast.stmt | None) -> set[str]:
    """What the loop hands on that the result of a statement goes into."""
    if statement is None:
        return set()
    target = getattr(statement, "targets", [getattr(statement, "target", None)])[0]
    names = binds(target) if target is not None else set[str]()
    return flow.results(names) & flow.carried


def _is_function(body: object) -> bool:
    return isinstance(body, ast.FunctionDef | ast.Lambda)


def _only_sums(body: ast.FunctionDef | ast.Lambda, position: int, call: ast.AST) -> bool:
    """Whether the gradient in a loop body takes nothing that the body hands on changed."""
    parameters = [*body.args.posonlyargs, *body.args.args]
    if position >= len(parameters):
        return False
    carry = parameters[position].arg
    if isinstance(body, ast.Lambda):
        return carry not in given_to(call)
    flow = _flow_of_body(body)
    unpacked = [step for step in flow.steps if step.reads == {carry} and step.sets]
    flow.steps = [step for step in flow.steps if step not in unpacked]
    parts = set[str]().union(*(step.sets for step in unpacked))
    handed_on = {name for name in parts if _is_changed(body, name, flow)} | {carry}
    return not flow.sources(given_to(call)) & handed_on


def _flow_of_body(body: ast.FunctionDef) -> Flow:
    loop = ast.While(ast.Constant(value=True), body.body, [])
    return flow_of(loop)


def _is_changed(body: ast.FunctionDef, name: str, flow: Flow) -> bool:
    """Whether a part of the carry is computed anew: bound again, or not returned as it came."""
    if any(name in step.sets for step in flow.steps):
        return True
    returned = [part.value for part in walk(body) if isinstance(part, ast.Return)]
    return not any(name in reads(value) for value in returned if value is not None)
