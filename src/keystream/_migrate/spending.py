"""A key that is used as it is, or split or folded in an expression."""

from __future__ import annotations

import ast

from keystream._migrate import reasons
from keystream._migrate.draft import Draft
from keystream._migrate.editing import over
from keystream._migrate.family import Family, Place, alias
from keystream._migrate.keys import FOLD, SPLIT, count
from keystream._migrate.module import Refused, argument, dotted
from keystream._migrate.naming import of_use, of_variable
from keystream._migrate.scans import scans


class Spender:
    """Gives the uses of a scope keys of their own."""

    def __init__(self, draft: Draft, place: Place, family: Family) -> None:
        self.draft, self.module, self.place, self.family = draft, draft.module, place, family

    def spend(self, use: ast.expr) -> None:
        """Rewrite one use.

        Raises:
            Refused: it is no use as a key.
        """
        call = self.module.parents[use]
        call = self.module.parents[call] if isinstance(call, ast.keyword) else call
        name = self.module.called(call)
        step = self.place.steps.at
        if isinstance(call, ast.Call) and argument(call, 0, "key") is use and name in (SPLIT, FOLD):
            role = self._role(call)
            if name == SPLIT:
                new = self.draft.keys(role, step(use), count(self.module, call))
                self.draft.edits.append(over(call, new))
                return
            data = argument(call, 1, "data")
            if data is not None and self._is_step(data, use):
                self.draft.edits.append(over(call, self.draft.key(role, self.module.source(data))))
                return
        elif not alias(self.module, use) and not self._is_given(use):
            raise Refused(use, reasons.of_use(self.module, use))
        self.draft.edits.append(over(use, self.draft.key(self._role(use), step(use))))

    def _role(self, node: ast.expr) -> str:
        outer = self.module.parents[node]
        if isinstance(outer, ast.Assign) and len(outer.targets) == 1:
            return of_variable(self.module, self.place.scope, outer.targets[0])
        return of_use(self.module, node) or "main"

    def _is_given(self, use: ast.expr) -> bool:
        """Whether a key stands in a call or a dictionary, as it is."""
        inner, outer = use, self.module.parents[use]
        while isinstance(outer, ast.Dict | ast.Tuple | ast.List | ast.keyword):
            inner, outer = outer, self.module.parents[outer]
        if isinstance(outer, ast.Assign):
            return isinstance(inner, ast.Dict)
        is_start = any(one.start is inner for one in scans(self.module, self.place.scope))
        return isinstance(outer, ast.Call) and inner is not outer.func and not is_start

    def _is_step(self, data: ast.expr, use: ast.expr) -> bool:
        """Whether what is folded in can be the step as it is."""
        if self.place.holder:
            return dotted(data) == self.place.steps.at(use)
        if not isinstance(data, ast.Name):
            return False
        return not self.place.steps.loops(use) or self.place.steps.at(use) == data.id
