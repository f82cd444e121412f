"""A key through one scope: each of its uses gets the key of a name, or is a reason to leave it all."""

from __future__ import annotations

import ast

from keystream._migrate import reasons
from keystream._migrate.carried import Carried
from keystream._migrate.carrying import Slots
from keystream._migrate.draft import Draft
from keystream._migrate.editing import over, rows, without_part
from keystream._migrate.family import Family, Known, Place
from keystream._migrate.keys import FOLD, SPLIT, Split, seed, splits
from keystream._migrate.module import COMPREHENSIONS, Function, Refused, argument, dotted
from keystream._migrate.naming import of_use, of_variable
from keystream._migrate.scans import slot
from keystream._migrate.spending import Spender
from keystream._migrate.states import STEP, STREAMS

_INNER = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def follow(
    known: Known,
    draft: Draft,
    place: Place,
    names: set[str],
    attributes: tuple[ast.Attribute, ...] = (),
) -> None:
    """Rewrite every use of a key in a scope, and in the bodies that it is carried into.

    Args:
        known: of the file.
        draft: the rewrite, which gets the edits.
        place: the scope.
        names: the variables that hold the key to begin with.
        attributes: where a state's field is read that holds it.

    Raises:
        Refused: one can't be.
    """
    Follower(known, draft, place, Family(known, draft.module, place, names, attributes)).follow()


class Follower:
    """Follows the keys of a scope."""

    def __init__(self, known: Known, draft: Draft, place: Place, family: Family) -> None:
        self.known, self.draft, self.family = known, draft, family
        self.module = draft.module
        self.scope, self.steps, self.holder = place.scope, place.steps, place.holder
        self._done: set[ast.AST] = set()
        self._slots = Slots(draft, place)
        self._spender = Spender(draft, place, family)

    def follow(self) -> None:
        """Rewrite every use, in the order of the text."""
        found: list[Split | ast.expr] = [
            one for one in splits(self.module, self.scope) if self.family.is_split(one)
        ]
        for name in sorted(self.family.names):
            found += self.module.uses(self.scope, name)
        found += self.family.attributes
        for one in sorted(found, key=_order):
            if isinstance(one, Split):
                self._split(one)
            elif one not in self._done:
                self._use(one)
        for place, name in self._slots.write():
            follow(self.known, self.draft, place, {name})
        self.draft.edits += self.steps.edits

    def _split(self, one: Split) -> None:
        """``key, a, b = split(key, 3)``: each child by its name."""
        self._done |= set(ast.walk(one.statement))
        self.draft.is_split = True
        found: list[str] = []
        unread = [target for target in one.targets if self._is_unread(target)]
        for target in one.targets:
            if target in unread and len(unread) < len(one.targets):
                continue
            inner = target.value if isinstance(target, ast.Starred) else target
            if self.family.holds(target) or (isinstance(inner, ast.Name) and inner.id == "_"):
                continue
            if self.family.holds(inner):
                raise Refused(
                    inner, "the starred rest of a split is split again; take one key of it for that"
                )
            if isinstance(one.key, ast.Name):
                self._check_place(one.key)
            role, step = of_variable(self.module, self.scope, inner), self.steps.at(one.statement)
            if inner is target:
                new = self.draft.key(role, step)
            else:
                number = _less(one.count, len(one.targets) - 1)
                new = self.draft.keys(role, step, number)
            found.append(f"{self.module.source(inner)} = {new}")
        if one.statement is self.draft.root.made:
            self.draft.opening += found
        else:
            self.draft.edits.append(rows(self.module, one.statement, found))

    def _is_unread(self, target: ast.expr) -> bool:
        """Whether a function reads a child nowhere, so that it needs no stream."""
        if not isinstance(target, ast.Name) or not isinstance(self.scope, Function):
            return False
        uses = self.module.uses(self.scope, target.id)
        outer = any(
            isinstance(node, ast.Global | ast.Nonlocal) and target.id in node.names
            for node in ast.walk(self.scope)
        )
        return not outer and not any(isinstance(use.ctx, ast.Load) for use in uses)

    def _use(self, use: ast.expr) -> None:
        if isinstance(use, ast.Name) and not isinstance(use.ctx, ast.Load):
            self._bound(use)
            return
        if isinstance(use, ast.Name):
            self._check_place(use)
        if found := self.family.given_to(use):
            self._hand_to(use, *found)
        elif self.family.is_returned(use):
            self.draft.edits += without_part(self.module, self.module.parents[use], use)
        elif place := slot(self.module, self.scope, use, self.family.place.inside):
            self._slots.add(use, place)
        elif not self._to_state(use):
            self._spender.spend(use)

    def _check_place(self, use: ast.Name) -> None:
        """Refuse a use whose step can't be known: in a function that is called elsewhere."""
        inner: ast.AST = use
        for outer in self.module.around(use):
            if outer is self.scope:
                return
            if isinstance(outer, _INNER):
                name = f"`{outer.name}`" if isinstance(outer, Function) else "a lambda"
                raise Refused(
                    use, f"{name} reads {use.id!r} from outside; give it the key as an argument"
                )
            if isinstance(outer, COMPREHENSIONS) and inner is not outer.generators[0]:
                raise Refused(
                    use,
                    f"a comprehension uses {use.id!r} for each of its elements; "
                    "split it before, one key for each",
                )
            inner = outer

    def _bound(self, use: ast.Name) -> None:
        """A binding of the key that is no split into variables."""
        statement = self.module.statement(use)
        if statement is self.draft.root.made:
            return
        value = statement.value if isinstance(statement, ast.Assign) else None
        source = value.value if isinstance(value, ast.Subscript) else value
        if isinstance(statement, ast.Delete) or self._is_left_out(value):
            self._done |= set(ast.walk(statement))
            self.draft.edits.append(rows(self.module, statement, []))
        elif isinstance(value, ast.Call) and self.known.given.by_call(value):
            pass  # it goes with the call
        elif self._slots.starts(value) or (
            isinstance(source, ast.Name) and self._slots.holds(source.id)
        ):
            self._slots.incoming.append(use)
        else:
            raise self._rebound(use, value)

    def _is_left_out(self, value: ast.expr | None) -> bool:
        """Whether a binding only moves the key on: ``key = split(key)[0]``."""
        if value in self.family.attributes or (
            isinstance(value, ast.Name) and self.family.holds(value)
        ):
            return True
        call = value.value if isinstance(value, ast.Subscript) else value
        name = self.module.called(call)
        if not isinstance(call, ast.Call) or name not in (SPLIT, FOLD):
            return False
        of = argument(call, 0, "key")
        is_moved = name == SPLIT if call is not value else bool(self.steps.loops(call))
        return is_moved and of is not None and self.family.holds(of)

    def _rebound(self, use: ast.Name, value: ast.expr | None) -> Refused:
        """Why a variable that gets another value can't be followed."""
        name = use.id
        if self.module.scope(use) is not self.scope:
            return Refused(use, reasons.of_outer(self.module, use))
        if isinstance(value, ast.Call) and not seed(self.module, value):
            function = self.module.function(value.func, value)
            if function in self.known.given.refused:
                return self.known.given.refused[function]
            called = dotted(value.func) or "a call"
            if not any(self.family.holds(node) for node in ast.walk(value)):
                return Refused(use, reasons.of_result(name, called))
            remedy = "give it a key for itself, and drop the one that it returns"
            return Refused(use, f"`{called}` gives {name!r} back here; {remedy}")
        other = (
            "another key" if value is not None and seed(self.module, value) else "something else"
        )
        place = "here; give that a name of its own"
        return Refused(use, f"{name!r} is bound to {other} {place}")

    def _hand_to(self, use: ast.expr, call: ast.Call, one: Carried) -> None:
        """``state, key = step(state, key)``: a key for the call, and none back."""
        statement = self.module.statement(call)
        target = (
            statement.targets[0]
            if isinstance(statement, ast.Assign) and statement.value is call
            else None
        )
        if not isinstance(target, ast.Tuple) or one.index >= len(target.elts):
            raise Refused(
                call,
                f"what `{one.function.name}` returns isn't taken apart here; "
                "take its key into a variable of its own",
            )
        back = target.elts[one.index]
        if not (
            self.family.holds(back) or (isinstance(back, ast.Name) and back.id.startswith("_"))
        ):
            raise Refused(
                call, f"the key that `{one.function.name}` gives back isn't the next one here"
            )
        role = of_use(self.module, use) or one.function.name
        self.draft.edits.append(over(use, self.draft.key(role, self.steps.at(use))))
        self.draft.edits += without_part(self.module, target, back)
        self.draft.is_split = True  # by the function
        self.draft.parts.add(one.function)
        self.known.calls.add(call)
        self._done |= {back}

    def _to_state(self, use: ast.expr) -> bool:
        """A key for a state's field: the `Streams`, and a step where the state has none."""
        for state in self.known.states:
            found = state.given(self.module, use)
            if found is None:
                continue
            call, word = found
            self.draft.parts.add(state.cls)
            self.known.calls.add(call)
            self.draft.needs_streams()
            replaces = word is not None and not dotted(call.func).startswith(state.cls.name)
            streams = f"{self.holder}.{STREAMS}" if self.holder else self.draft.variable
            step = f"{self.holder}.{STEP} + 1" if self.holder else "0"
            new = [] if replaces else [f"{STREAMS}={streams}" if word else streams]
            new += [] if state.step else [f"{STEP}={step}" if word else step]
            if new:
                self.draft.edits.append(over(word or use, ", ".join(new)))
            else:
                assert word is not None
                self._take_out(call, word)
            return True
        return False

    def _take_out(self, call: ast.Call, word: ast.keyword) -> None:
        """A state's key out of ``state = state.replace(key=key)``, and all of it where that is left."""
        owner, statement = call.func, self.module.statement(call)
        if [*call.args, *call.keywords] != [word] or not isinstance(owner, ast.Attribute):
            self.draft.edits += without_part(self.module, call, word)
            return
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if (
                value is call and dotted(owner.value) == name
            ):
                self.draft.edits.append(rows(self.module, statement, []))
            case _:
                self.draft.edits.append(over(call, self.module.source(owner.value)))


def _order(one: Split | ast.expr) -> tuple[int, int, int]:
    """The order of uses; a split comes before what stands in it."""
    if isinstance(one, Split):
        return (one.statement.lineno, one.statement.col_offset, 0)
    return (one.lineno, one.col_offset, 1)


def _less(count: str, others: int) -> str:
    """A number less some, as text: of ``n + 1`` less one ``n``."""
    if count.isdigit():
        return str(int(count) - others)
    return (
        count.removesuffix(f" + {others}")
        if count.endswith(f" + {others}")
        else f"{count} - {others}"
    )
