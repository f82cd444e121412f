"""What a flag's spelling says of the mode that a model runs in, and how the other one is spelt."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._lint.facts import text_of
from keystream._lint.symbols import Constant, Operation, Value
from keystream._lint.values import constant_of

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

# By the flag's name, its value that switches dropout off.
OFF = {
    "deterministic": True,
    "inference": True,
    "train": False,
    "training": False,
    "is_training": False,
}
_TRAINING = frozenset(
    {"train", "training", "is_training", "is_train", "istraining", "training_mode", "do_train"}
)
_EVALUATING = frozenset(
    "deterministic eval evaluate evaluation is_eval eval_mode inference test testing is_test".split()
)
_MODES = frozenset({"val", "valid", "validation", "predict", "infer"})  # texts of evaluation beside


def trains(node: ast.expr | None) -> bool | None:
    """Whether a flag is true in training or in evaluation; None where its spelling does not say.

    It may be a name, ``train``, or compare one with a text, ``mode == "train"``.
    """
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return _negated(trains(inner))
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _said(name)
        case ast.Compare(ops=[ast.Eq()], comparators=[ast.Constant(value=str() as text)]):
            return _of_mode(text)
        case ast.Compare(ops=[ast.NotEq()], comparators=[ast.Constant(value=str() as text)]):
            return _negated(_of_mode(text))
        case _:
            return None


def trains_by_value(value: Value | None) -> bool | None:
    """The same of what a name stands for: ``off = mode == "train"``."""
    match value:
        case Operation("Not", (inner,)):
            return _negated(trains_by_value(inner))
        case Operation("Eq", (_, Constant(str() as text))):
            return _of_mode(text)
        case Operation("NotEq", (_, Constant(str() as text))):
            return _negated(_of_mode(text))
        case _:
            return None


def is_off(keywords: dict[str, Value]) -> bool:
    """Whether the flags of a call switch dropout off."""
    return any(constant_of(keywords.get(name)) is value for name, value in OFF.items())


def _said(word: str) -> bool | None:
    word = word.lower().strip("_")
    return True if word in _TRAINING else False if word in _EVALUATING else None


def _of_mode(text: str) -> bool | None:
    """What a text says that a mode is compared with."""
    return False if text.lower() in _MODES else _said(text)


def _negated(flag: bool | None) -> bool | None:
    return None if flag is None else not flag


def check_flag(
    reader: Reader, call: ast.AST, flag: str, node: ast.expr | None, value: Value | None = None
) -> None:
    """Note a flag that is wired to its own opposite: ``deterministic=train``."""
    if node is None:
        return
    said = trains(node)
    said = trains_by_value(value) if said is None else said
    if said is not None and said == OFF[flag]:
        other = ast.unparse(_opposite(node))
        reader.fact("flag_inverted", call, flag=flag, value=text_of(node), other=other)


def _opposite(node: ast.expr) -> ast.expr:
    """The flag that is true where this one is false, as one would write it."""
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return inner
        case ast.Compare(left, [ast.Eq()], comparators):
            return ast.Compare(left, [ast.NotEq()], comparators)
        case ast.Compare(left, [ast.NotEq()], comparators):
            return ast.Compare(left, [ast.Eq()], comparators)
        case _:
            return ast.UnaryOp(ast.Not(), node)
