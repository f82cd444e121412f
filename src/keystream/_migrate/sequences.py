"""Haiku's ``PRNGSequence``: each ``next`` of it is a key with a name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from keystream._migrate.draft import Draft, Root
from keystream._migrate.editing import over
from keystream._migrate.family import Known
from keystream._migrate.keys import seed
from keystream._migrate.module import Function, Module, Refused, argument, own
from keystream._migrate.naming import Names, of_use, of_variable
from keystream._migrate.steps import LoopSteps

_MAKES = frozenset({"haiku.PRNGSequence"})


def drafts(module: Module, known: Known) -> list[Draft]:
    """The rewrites of the sequences of a file."""
    return [_draft(module, root, known) for root in _roots(module)]


def _roots(module: Module) -> Iterator[Root]:
    scopes: list[ast.Module | Function] = [module.tree]
    scopes += [node for node in ast.walk(module.tree) if isinstance(node, Function)]
    for scope in scopes:
        for node in own(scope):
            if not isinstance(node, ast.Assign) or module.called(node.value) not in _MAKES:
                continue
            assert isinstance(node.value, ast.Call)
            of, target = argument(node.value, 0, "key_or_seed"), node.targets[0]
            # A variable may be a key of this file, which has a rewrite of its own.
            if of is not None and isinstance(target, ast.Name) and not isinstance(of, ast.Name):
                source = seed(module, of) or module.source(of)
                yield Root(scope, target.id, node.lineno, source, made=node)


def _draft(module: Module, root: Root, known: Known) -> Draft:
    variable = module.fresh(root.scope, "streams", f"{root.name}_streams")
    draft = Draft(module, root, variable, Names(module))
    steps = known.steps(module, root.scope, root.made)
    try:
        for use in module.uses(root.scope, root.name):
            if isinstance(use.ctx, ast.Load):
                _next(module, draft, steps, use)
            elif module.statement(use) is not root.made:
                raise Refused(use, f"{root.name!r} is bound again here")
    except Refused as refused:
        draft.refused = refused
    draft.edits += steps.edits
    return draft


def _next(module: Module, draft: Draft, steps: LoopSteps, use: ast.Name) -> None:
    call = module.parents[use]
    if isinstance(call, ast.Attribute) and call.attr == "next":
        call = module.parents[call]
    elif module.called(call) != "next":
        raise Refused(use, f"{use.id!r} is used for something else than `next` here")
    assert isinstance(call, ast.Call)
    if module.scope(call) is not draft.root.scope:
        raise Refused(
            use,
            f"{use.id!r} is moved on in a function of its own; give that the key as an argument",
        )
    outer = module.parents[call]
    if isinstance(outer, ast.Assign) and len(outer.targets) == 1:
        role = of_variable(module, draft.root.scope, outer.targets[0])
    else:
        role = of_use(module, call) or "main"
    draft.edits.append(over(call, draft.key(role, steps.at(call))))
