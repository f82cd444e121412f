"""A counter in the place of a key that a loop of JAX carries, and the bodies that it goes into."""

from __future__ import annotations

import ast

from keystream._migrate.draft import Draft
from keystream._migrate.editing import over
from keystream._migrate.family import Place
from keystream._migrate.module import Refused
from keystream._migrate.scans import Scan, Slot, carried_name, scans
from keystream._migrate.steps import COUNTS, CounterSteps


class Slots:
    """The places of one scope where a key is put in, or taken out of, what is carried."""

    def __init__(self, draft: Draft, place: Place) -> None:
        self.draft, self.module, self.place = draft, draft.module, place
        self.incoming: list[ast.Name] = []
        self._found: list[tuple[ast.expr, Slot]] = []
        self._scans = scans(draft.module, place.scope)

    def add(self, use: ast.expr, slot: Slot) -> None:
        """A key is put in here."""
        self._found.append((use, slot))

    def starts(self, value: ast.expr | None) -> bool:
        """Whether an expression starts a loop of JAX."""
        return any(one.call is value for one in self._scans)

    def holds(self, name: str) -> bool:
        """Whether a variable is a tuple that a loop of JAX carries."""
        if self.place.inside is not None and name == self.place.inside.carry:
            return True
        bound = [
            use
            for use in self.module.uses(self.place.scope, name)
            if isinstance(use.ctx, ast.Store)
        ]
        statements = [self.module.statement(use) for use in bound]
        return any(isinstance(one, ast.Assign) and self.starts(one.value) for one in statements)

    def write(self) -> list[tuple[Place, str]]:
        """Put the counter in; the bodies that it goes into, with what they call the key.

        Raises:
            Refused: a body can't be followed.
        """
        if not self._found and not self.incoming:
            return []
        put, taken = self._counter()
        self.draft.edits += [over(use, put) for use, _ in self._found]
        self.draft.edits += [over(use, taken) for use in self.incoming]
        every = [(scan, slot, use) for use, slot in self._found for scan in slot.scans]
        bodies = {scan.body: (scan, slot, use) for scan, slot, use in every}
        return [self._into(*one) for body, one in bodies.items() if body not in self.draft.parts]

    def _counter(self) -> tuple[str, str]:
        """What is put in for a key, and the variable that is taken out."""
        steps = self.place.steps
        if isinstance(steps, CounterSteps):
            return f"{steps.name} + 1", steps.name
        begun = [scan.body for _, slot in self._found for scan in slot.scans]
        is_again = len(set(begun)) != len(begun) or any(steps.loops(use) for use, _ in self._found)
        if not is_again:  # each loop starts at 0: its streams are drawn from nowhere else
            return "0", "_"
        if not self.draft.counter:
            self.draft.counter = self.module.fresh(self.place.scope, *COUNTS)
        return self.draft.counter, self.draft.counter

    def _into(self, scan: Scan, slot: Slot, use: ast.expr) -> tuple[Place, str]:
        """The body of a loop of JAX, in which a counter takes the key's place."""
        body, outer = scan.body, self.draft.root.scope
        if body is None:
            name = scan.name.rpartition(".")[2]
            raise Refused(
                scan.call,
                f"the body of this `{name}` is no function of this file; "
                "split the key before it, and give it the keys to go through",
            )
        if outer not in self.module.around(body):
            raise Refused(
                use,
                f"`{body.name}` is written where `{self.draft.variable}` can't be seen; "
                f"move it into `{getattr(outer, 'name', 'the module')}`",
            )
        key = carried_name(self.module, scan, slot.index)
        if isinstance(key, str):
            raise Refused(body, f"`{body.name}` {key}, so its key can't be told")
        self.draft.parts.add(body)
        self.draft.needs_streams()
        counter = self.module.fresh(body, *COUNTS)
        if slot.index is None:
            every = [node for node in ast.walk(body.args) if isinstance(node, ast.arg)]
            parameter = next(one for one in every if one.arg == key.id)
            self.draft.edits.append(over(parameter, counter))
        return Place(body, CounterSteps(self.module, body, counter), inside=scan), key.id
