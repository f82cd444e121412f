"""Draws of layers that are meant for training, in functions that evaluate."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._lint.facts import Fact, Site
from keystream._lint.walking import walk

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


def note_evaluation(reader: Reader, node: ast.AST, layer: str) -> None:
    """Note a draw of a training-time layer on behalf of a function that evaluates."""
    if reader.graded:
        reader.facts.trained.add(node)
    if reader.graded or not reader.chain or (reader.streams and reader.streams[-1].kind == "init"):
        return
    for site in reader.chain:
        name = site.function.rpartition(".")[2].lower()
        named = _evaluates(name) or _is_figure(site.target)
        if named or is_measured(site):
            if not reader.hushed and ("evaluates", site.node) not in reader.reported:
                reader.reported.add(("evaluates", site.node))
                reader.facts.facts.append(
                    Fact(
                        "draws_in_evaluation",
                        site,
                        (*reader.chain,),
                        {"layer": layer, "drawn": reader.site(node), "named": named},
                    )
                )
            return


def is_measured(site: Site) -> bool:
    """Whether a model's output is compared with something, as an accuracy does with labels."""
    name = site.target if site.target.isidentifier() else ""
    for part in walk(site.around) if site.around is not None else ():
        if isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.Eq | ast.Gt | ast.Lt):
            for inner in walk(part):
                said = bool(name) and isinstance(inner, ast.Name) and inner.id == name
                if inner is site.node or said:
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
