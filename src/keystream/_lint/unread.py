"""Results that are overwritten at once, or looked at for their shapes alone."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from keystream._lint.dataflow import last_of, loads_in, reads
from keystream._lint.facts import Site
from keystream._lint.walking import kept, walk

_STEPS_TO_INIT = 4  # assignments between a draw and the call of init that gets it


def only_reaches_init(site: Site) -> bool:
    """Whether what a call draws only reaches an initialisation, which looks at shapes.

    ``obs = env.reset(key)``, and then ``params = model.init(key, obs)``, with steps in between.
    """
    around = site.around
    if around is None or isinstance(around, ast.Module) or not _initialisations(around):
        return False
    inside = _in_initialisations(around)
    reached = _bound(site.statement) - {"_"}
    passed: set[int] = set()
    for _ in range(_STEPS_TO_INIT):
        steps = [
            step for step in _assignments(around) if site.line < step.line and step.read & reached
        ]
        further = {name for step in steps for name in step.bound}
        passed |= {part for step in steps for part in step.parts}
        if further <= reached:
            break
        reached |= further
    loads = loads_in(around)
    every = [load for name in reached for load in loads.get(name, ()) if load.lineno >= site.line]
    return bool(every) and all(id(load) in inside or id(load) in passed for load in every)


@dataclass(frozen=True, slots=True)
class _Assignment:
    """An assignment that initialises no model: what it reads, what it binds, and the parts of it."""

    line: int
    read: frozenset[str]
    bound: frozenset[str]
    parts: frozenset[int]


@kept
def _assignments(around: ast.AST) -> list[_Assignment]:
    """The assignments within a function, but for those that hold an initialisation."""
    found: list[_Assignment] = []
    for part in walk(around):
        if isinstance(part, ast.Assign):
            parts = frozenset(map(id, walk(part)))
            if not parts & _in_initialisations(around):
                bound = frozenset(_bound(part)) - {"_"}
                found.append(_Assignment(part.lineno, frozenset(reads(part.value)), bound, parts))
    return found


@kept
def _in_initialisations(around: ast.AST) -> frozenset[int]:
    """The nodes within the calls of a model's ``init``, by identity."""
    return frozenset(id(part) for call in _initialisations(around) for part in walk(call))


@kept
def _initialisations(around: ast.AST) -> list[ast.Call]:
    """The calls of a model's ``init`` within a function: it takes a key, and inputs."""
    return [
        part
        for part in walk(around)
        if isinstance(part, ast.Call) and last_of(part.func) == "init" and len(part.args) >= 2
    ]


def is_overwritten(first: Site, second: Site) -> bool:
    """Whether keys that the one call made are overwritten by those of the split before they are read.

    ``run, keys = setup(key)``, and then ``key, *keys = split(key, n)``.
    """
    if first.around is None or first.around is not second.around:
        return False
    common = _bound(first.statement) & _bound(second.statement) - {"_"}
    end = getattr(first.statement, "end_lineno", 0)
    loads = loads_in(first.around)
    return any(
        all(not end < load.lineno <= second.line for load in loads.get(name, ())) for name in common
    )


def _bound(statement: ast.stmt | None) -> set[str]:
    """The names that an assignment binds, in tuples too."""
    if not isinstance(statement, ast.Assign):
        return set()
    return {
        part.id
        for target in statement.targets
        for part in walk(target)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }
