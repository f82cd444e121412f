"""Dropout layers of every library: their rate, their mode, whether they draw."""

from __future__ import annotations

import ast
from typing import Any

from keystream._lint.calls import Calls
from keystream._lint.facts import Fact, Site, text_of
from keystream._lint.values import Made, Value, constant_of, is_constant

NOTHING = object()


def is_off(rate: Value | None, deterministic: Value | None) -> bool:
    """Whether a dropout surely draws nothing."""
    value = constant_of(rate, NOTHING)
    return (isinstance(value, int | float) and value == 0) or truth(deterministic) is True


def truth(value: Value | None) -> bool | None:
    """A flag that is known, or None."""
    plain = constant_of(value, NOTHING)
    if plain is NOTHING or plain is None:
        return None
    return bool(plain)


def keyword_node(node: ast.AST, *names: str) -> ast.expr | None:
    """The source of a keyword argument."""
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg in names:
                return keyword.value
    return None


TRAINING = frozenset(
    {"train", "training", "is_training", "is_train", "istraining", "training_mode", "do_train"}
)
EVALUATING = frozenset(
    {
        "deterministic",
        "eval",
        "evaluate",
        "is_eval",
        "inference",
        "testing",
        "is_test",
        "eval_mode",
        "evaluation",
        "deterministic_",
        "test",
    }
)


def polarity(node: ast.expr | None) -> str:
    """What a flag's spelling says: ``train``, ``not train``, ``eval``, ``not eval`` or nothing."""
    negated = False
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        node, negated = node.operand, not negated
    name = ""
    if isinstance(node, ast.Name):
        name = node.id
    elif isinstance(node, ast.Attribute):
        name = node.attr
    name = name.lower().strip("_")
    if name in TRAINING:
        return "not train" if negated else "train"
    if name in EVALUATING:
        return "not eval" if negated else "eval"
    return ""


def check_flag(reader: Calls, node: ast.AST, name: str) -> None:
    """Note a flag that is wired to its own opposite."""
    value = keyword_node(node, name)
    said = polarity(value)
    if said in ("train", "not eval") and value is not None:
        reader.fact("flag_inverted", node, flag=name, value=text_of(value), said=said)


def off_in_training(reader: Calls, made: Made, node: ast.AST, **data: Any) -> None:
    """Note a dropout that is off under a gradient."""
    if reader.graded:
        reader.fact("off_in_training", node, layer=made.name, made=made, **data)


def known(value: Value | None) -> bool:
    """Whether a value is given and is a literal."""
    return is_constant(value)


def evaluating(reader: Calls, node: ast.AST, layer: str) -> None:
    """Note a draw of a training-time layer on behalf of a function that evaluates."""
    if reader.graded:
        reader.facts.trained.add(node)
    if reader.graded or not reader.chain or (reader.streams and reader.streams[-1].kind == "init"):
        return
    for site in reader.chain:
        name = site.function.rpartition(".")[2].lower()
        measured = is_measured(site)
        if measured or _evaluates(name) or _is_figure(site.target):
            if not reader.hushed and ("evaluates", site.node) not in reader.reported:
                reader.reported.add(("evaluates", site.node))
                reader.facts.facts.append(
                    Fact(
                        "draws_in_evaluation",
                        site,
                        (*reader.chain,),
                        {
                            "layer": layer,
                            "drawn": reader.site(node),
                            "named": _evaluates(name) or _is_figure(site.target),
                        },
                    )
                )
            return


def is_measured(site: Site) -> bool:
    """Whether a model's output is compared with something, as an accuracy does with labels."""
    name = site.target if site.target.isidentifier() else ""
    for part in ast.walk(site.around) if site.around is not None else ():
        if isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.Eq | ast.Gt | ast.Lt):
            for inner in ast.walk(part):
                if inner is site.node or (
                    name and isinstance(inner, ast.Name) and inner.id == name
                ):
                    return True
    return False


def _evaluates(name: str) -> bool:
    words = name.strip("_").split("_")
    if any(
        word in ("mc", "uncertainty", "ensemble", "bayesian", "stochastic", "sample", "train")
        for word in words
    ):
        return False
    if words[0] in ("test", "val", "dev", "held", "holdout"):
        return words[-1] in _MEASURES
    return words[0] in (
        "eval",
        "evaluate",
        "validate",
        "validation",
        "valid",
        "predict",
        "infer",
        "inference",
    ) or words[-1] in ("eval", "evaluation", "accuracy")


def _is_figure(target: str) -> bool:
    """Whether what a value is assigned to is a figure of an evaluation: `val_loss`, `test_acc`."""
    words = target.lower().strip("_").split("_")
    return (
        len(words) > 1
        and words[0] in ("val", "valid", "validation", "test", "eval", "dev")
        and words[-1] in _MEASURES
    )


_MEASURES = frozenset(
    [
        "acc",
        "accuracy",
        "auc",
        "ce",
        "elbo",
        "epoch",
        "error",
        "f1",
        "likelihood",
        "loss",
        "mae",
        "metric",
        "metrics",
        "mse",
        "nll",
        "perplexity",
        "ppl",
        "r2",
        "rmse",
        "score",
        "step",
    ]
)
