"""Which variables of a scope hold the key, now or for a next time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from keystream._lint.repairs import Edit
from keystream._migrate.carried import Carried, Given
from keystream._migrate.keys import FOLD, Split, splits
from keystream._migrate.module import Function, Loop, Module, argument
from keystream._migrate.scans import Scan, carried_name, slot
from keystream._migrate.states import State
from keystream._migrate.steps import Counters, CounterSteps, LoopSteps


class Steps(Protocol):
    """Where the step of a key comes from."""

    edits: list[Edit]

    def at(self, node: ast.AST) -> str:
        """An expression for the step at a node."""
        ...

    def loops(self, node: ast.AST) -> list[Loop]:
        """The loops around a node that the step has to tell apart."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the file: functions that give keys back, states that hold one."""

    given: Given
    states: tuple[State, ...]
    calls: set[ast.Call] = field(default_factory=set[ast.Call])  # that have been rewritten
    counters: dict[ast.AST, Counters] = field(default_factory=dict[ast.AST, Counters])

    def steps(self, module: Module, scope: ast.AST, root: ast.AST | None) -> LoopSteps:
        """The steps of a root in its scope, whose counters the scope's roots share."""
        return LoopSteps(self.counters.setdefault(scope, Counters(module, scope)), root)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key is followed.

    Attributes:
        scope: the function, or the module.
        steps: of its keys.
        made: the statement that makes the key; None for one that the scope is given.
        inside: the loop of JAX whose body the scope is.
        holder: the state that the scope reads its key from.
    """

    scope: ast.AST
    steps: Steps
    made: ast.stmt | None = None
    inside: Scan | None = None
    holder: str = ""


class Family:
    """The variables and fields of a scope that hold one key.

    Args:
        known: of the file.
        module: the file.
        place: the scope.
        names: the variables that hold it to begin with.
        attributes: where a state's field is read that holds it.
    """

    def __init__(
        self,
        known: Known,
        module: Module,
        place: Place,
        names: set[str],
        attributes: tuple[ast.Attribute, ...] = (),
    ) -> None:
        self.known, self.module, self.place = known, module, place
        self.names, self.attributes = set(names), attributes
        scope = place.scope
        self.carried: Carried | None = (
            known.given.found.get(scope) if isinstance(scope, Function) else None
        )
        self._widen()

    def is_threaded(self) -> bool:
        """Whether the scope splits its key again and again, or hands it on for a next time."""
        looped = any(
            self.place.steps.loops(one.statement)
            for one in splits(self.module, self.place.scope)
            if self.holds(one.key) and any(self.holds(target) for target in one.targets)
        )
        return looped or any(
            self.hands_on(use) and self._is_of_a_key(use)
            for name in self.names
            for use in self.module.uses(self.place.scope, name)
            if isinstance(use.ctx, ast.Load)
        )

    def _is_of_a_key(self, use: ast.Name) -> bool:
        """Whether a variable holds a key for certain, or is carried into a body that splits it."""
        if any(
            isinstance(one.key, ast.Name) and one.key.id in self.names
            for one in splits(self.module, self.place.scope)
        ):
            return True
        place = slot(self.module, self.place.scope, use, self.place.inside)
        if place is None:
            return True
        for scan in place.scans:
            name = carried_name(self.module, scan, place.index) if scan.body else ""
            if isinstance(name, ast.Name) and scan.body is not None:
                steps = CounterSteps(self.module, scan.body, "")
                body = Place(scan.body, steps, inside=scan)
                if Family(self.known, self.module, body, {name.id}).is_threaded():
                    return True
        return False

    def holds(self, node: ast.AST) -> bool:
        return node in self.attributes or (isinstance(node, ast.Name) and node.id in self.names)

    def is_split(self, one: Split) -> bool:
        """Whether a split is of the key, or of a seed at once."""
        return self.holds(one.key) or one.statement is self.place.made

    def _widen(self) -> None:
        """Add to the family the children that are split in turn, or handed on."""
        size = 0
        while size != len(self.names) + 1:
            size = len(self.names) + 1
            for made, target in self._children():
                if target.id not in self.names and self._is_carried_on(target.id, made):
                    self.names.add(target.id)

    def _children(self) -> Iterator[tuple[ast.stmt, ast.Name]]:
        """The variables that splits of the key bind, and other names for it."""
        for one in splits(self.module, self.place.scope):
            if self.is_split(one):
                names = [target for target in one.targets if isinstance(target, ast.Name)]
                yield from ((one.statement, target) for target in names)
        for name in tuple(self.names):
            for use in self.module.uses(self.place.scope, name):
                if target := alias(self.module, use):
                    yield self.module.statement(use), target

    def _is_carried_on(self, name: str, made: ast.stmt) -> bool:
        for use in self.module.uses(self.place.scope, name):
            if isinstance(use.ctx, ast.Load) and (
                self._comes_back(use) or self.hands_on(use) or self._trains(use, made)
            ):
                return True
        return False

    def _comes_back(self, use: ast.Name) -> bool:
        """Whether a call is given a variable and binds it anew: ``key, a = split(key)``."""
        statement, outer = self.module.statement(use), self.module.parents[use]
        call = self.module.parents[outer] if isinstance(outer, ast.keyword) else outer
        if not isinstance(statement, ast.Assign) or statement.value is not call:
            return False
        bound = statement.targets[0]  # of `keys = split(keys, 8)` it is another thing afterwards
        parts = bound.elts if isinstance(bound, ast.Tuple | ast.List) else []
        return any(isinstance(one, ast.Name) and one.id == use.id for one in parts)

    def hands_on(self, use: ast.Name) -> bool:
        """Whether a key stands where it is handed on for a next time."""
        if slot(self.module, self.place.scope, use, self.place.inside) or self.given_to(use):
            return True
        if any(state.given(self.module, use) for state in self.known.states):
            return True
        return self.is_returned(use)

    def _trains(self, use: ast.Name, made: ast.stmt) -> bool:
        """Whether a loop trains with one child: each turn would have the same draws."""
        statement, call = self.module.statement(use), self.module.parents[use]
        call = self.module.parents[call] if isinstance(call, ast.keyword) else call
        inner = set(self.place.steps.loops(statement)) - set(self.place.steps.loops(made))
        for other in self.module.uses(
            self.place.scope, use.id
        ):  # one that the loop binds is another one each turn
            inner -= (
                set() if isinstance(other.ctx, ast.Load) else set(self.place.steps.loops(other))
            )
        if not inner or not isinstance(call, ast.Call) or not isinstance(statement, ast.Assign):
            return False
        function = self.module.function(call.func, use)
        if function is None or any(self.module.called(node) == FOLD for node in ast.walk(function)):
            return False
        given = {arg.id for arg in call.args if isinstance(arg, ast.Name)}
        bound = {node.id for node in ast.walk(statement.targets[0]) if isinstance(node, ast.Name)}
        return bool(given & bound)

    def given_to(self, use: ast.expr) -> tuple[ast.Call, Carried] | None:
        """The call of a function that gives its key back, which this use is given to."""
        outer = self.module.parents[use]
        call = self.module.parents[outer] if isinstance(outer, ast.keyword) else outer
        one = self.known.given.by_call(call)
        if one is None or not isinstance(call, ast.Call):
            return None
        return (call, one) if argument(call, one.place, one.name) is use else None

    def is_returned(self, use: ast.expr) -> bool:
        """Whether this is the key among what the scope gives back."""
        whole = self.module.parents[use]
        return (
            self.carried is not None
            and isinstance(whole, ast.Tuple)
            and self.module.parents[whole] in self.carried.returns
            and whole.elts.index(use) == self.carried.index
        )


def alias(module: Module, use: ast.expr) -> ast.Name | None:
    """The other name that a key is given: ``other = key``."""
    parent = module.parents[use]
    if isinstance(parent, ast.Assign) and parent.value is use and len(parent.targets) == 1:
        target = parent.targets[0]
        return target if isinstance(target, ast.Name) and isinstance(use, ast.Name) else None
    return None
