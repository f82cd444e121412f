"""The scopes that read a state's key: each split of it is a name at the state's step."""

from __future__ import annotations

import ast

from keystream._migrate.draft import Draft, Root
from keystream._migrate.editing import over
from keystream._migrate.family import Known, Place
from keystream._migrate.following import follow
from keystream._migrate.keys import seed
from keystream._migrate.module import Module, Refused
from keystream._migrate.naming import Names
from keystream._migrate.states import STEP, STREAMS, State, reads
from keystream._migrate.steps import StateSteps


def follow_state(module: Module, state: State, known: Known, prefix: str) -> Draft:
    """The rewrite of a state's class and of what reads its key."""
    root = Root(module.tree, f"{state.cls.name}.{state.name}", state.row.lineno, "")
    draft = Draft(module, root, "", Names(module))
    draft.needs_streams()
    draft.parts.add(state.cls)
    try:
        _follow(module, state, known, draft)
        if state.row.value is not None:
            raise Refused(state.row, f"{root.name!r} has a default")
    except Refused as refused:
        draft.refused = refused
        return draft
    draft.edits += state.edits(module, prefix)
    _write_seeds(module, state, known, draft, prefix)
    return draft


def given_calls(module: Module, state: State) -> list[ast.Call]:
    """Every call that gives a state its key."""
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    values = [(call, [*call.args, *(word.value for word in call.keywords)]) for call in calls]
    return [call for call, given in values if any(state.given(module, value) for value in given)]


def _follow(module: Module, state: State, known: Known, draft: Draft) -> None:
    groups: dict[tuple[ast.AST, str], list[ast.Attribute]] = {}
    for read in reads(module, state):
        assert isinstance(read.value, ast.Name)
        groups.setdefault((module.scope(read), read.value.id), []).append(read)
    for (scope, holder), attributes in groups.items():
        draft.variable = f"{holder}.{STREAMS}"
        steps = StateSteps(module, scope, f"{holder}.{state.step or STEP}")
        aliases = _aliases(module, scope, attributes)
        place = Place(scope, steps, holder=holder)
        follow(known, draft, place, aliases, tuple(attributes))


def _aliases(module: Module, scope: ast.AST, attributes: list[ast.Attribute]) -> set[str]:
    """Variables that a state's key is put in as it is: ``key = state.key``."""
    found: set[str] = set()
    for read in attributes:
        parent = module.parents[read]
        if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
            found.add(parent.targets[0].id)
    return found


def _write_seeds(module: Module, state: State, known: Known, draft: Draft, prefix: str) -> None:
    """States whose key is made of a seed on the spot."""
    for call in given_calls(module, state):
        for value in [*call.args, *(word.value for word in call.keywords)]:
            if (found := state.given(module, value)) and (source := seed(module, value)):
                word = found[1]
                streams = f"{prefix}.Streams({source}, {draft.names.quoted})"
                new = f"{STREAMS}={streams}" if word else streams
                new += "" if state.step else ", step=0" if word else ", 0"
                draft.edits.append(over(word or value, new))
                known.calls.add(call)
