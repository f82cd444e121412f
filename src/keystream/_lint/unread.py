"""Results that are overwritten at once, or looked at for their shapes alone."""

from __future__ import annotations

import ast

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
    inside = {id(part) for call in _initialisations(around) for part in walk(call)}
    reached = _bound(site.statement) - {"_"}
    passed: set[int] = set()
    for _ in range(_STEPS_TO_INIT):
        steps = [
            part
            for part in walk(around)
            if isinstance(part, ast.Assign)
            and site.line < part.lineno
            and not any(id(each) in inside for each in walk(part))
            and reads(part.value) & reached
        ]
        further = {name for step in steps for name in _bound(step)} - {"_"}
        passed |= {id(part) for step in steps for part in walk(step)}
        if further <= reached:
            break
        reached |= further
    loads = loads_in(around)
    every = [load for name in reached for load in loads.get(name, ()) if load.lineno >= site.line]
    return bool(every) and all(id(load) in inside or id(load) in passed for load in every)


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
