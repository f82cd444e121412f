"""Models whose class source does not show: ``apply`` is judged by the call alone.

What can be told of one: it is switched to draw by its flag and given no streams; it is given a stream of
dropout and switched off under a gradient; a flag is wired to its own opposite.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._lint.dataflow import loads_in
from keystream._lint.facts import Key
from keystream._lint.registry import Call
from keystream._lint.values import Instance, Made, Mapping, Symbol, Value, constant_of

if TYPE_CHECKING:
    from keystream._lint.calls import Calls

_SWITCHES = {"deterministic": True, "inference": True, "train": False, "training": False}
_OFF = {
    **_SWITCHES,
    "is_training": False,
}  # by the flag's name, its value that switches dropout off
_EVALUATING = frozenset(["deterministic", "eval", "inference", "is_eval"])
_TRAINING = frozenset(["train", "training", "is_training", "is_train"])


def check_apply(reader: Calls, call: Call) -> None:
    """Note what is wrong with a call of ``apply`` on a model that is not known."""
    if isinstance(call.owner, Instance | Made) or "**" in call.keywords:
        return
    flags = {name: constant_of(call.keywords.get(name)) for name in _OFF}
    off = any(value is _OFF[name] for name, value in flags.items())
    on = any(value is (not _OFF[name]) for name, value in flags.items())
    rngs = call.keywords.get("rngs")
    if rngs is None and "rng" not in call.keywords:
        if not off and call.surely:
            reader.fact("apply_without_rngs", call.node, drops=flags["deterministic"] is False)
    elif isinstance(rngs, Mapping) and "dropout" in rngs.items and off and not on and reader.graded:
        reader.fact("off_in_training", call.node, layer=call.name, made=None)


def check_flags(reader: Calls, node: ast.Call) -> None:
    """Note a flag of any call that is wired to its own opposite, as ``deterministic=train``."""
    for keyword in node.keywords:
        if keyword.arg not in _OFF:
            continue
        value, negated = keyword.value, False
        while isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.Not):
            value, negated = value.operand, not negated
        name = value.id if isinstance(value, ast.Name) else getattr(value, "attr", "")
        evaluates = name in _EVALUATING
        if not evaluates and name not in _TRAINING:
            continue
        if (evaluates != negated) != _OFF[keyword.arg]:
            said = f"{'not ' if negated else ''}{'eval' if evaluates else 'train'}"
            spelt = ast.unparse(keyword.value)
            reader.fact("flag_inverted", node, flag=keyword.arg, value=spelt, said=said)


def note_unread(reader: Calls, name: str, value: Value, around: ast.AST, place: ast.AST) -> None:
    """Note a name for one key that nothing in its function reads."""
    if name.startswith("_") or reader.hushed or not is_one_key(value):
        return
    if name not in loads_in(around):
        reader.facts.unread_keys.append(Key(name, reader.site(place), around))


def is_one_key(value: Value | None) -> bool:
    """Whether a value is surely one key, by how it was made."""
    if not isinstance(value, Symbol):
        return False
    if value.op in ("lane", "elem"):
        inner = value.args[0]
        return isinstance(inner, Symbol) and (inner.op == "stack" or is_one_key(inner))
    return value.op in ("seed", "child", "stream", "named")
