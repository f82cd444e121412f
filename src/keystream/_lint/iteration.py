"""Going over iterables: the elements of the first and second turn, comprehensions."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Items
from typing import TYPE_CHECKING, Any

from keystream._lint.facts import Turn
from keystream._lint.scope import Scope
from keystream._lint.symbols import (
    Count,
    Element,
    Listed,
    Range,
    Repeated,
    Stack,
    Symbol,
    Value,
    are_symbols,
)
from keystream._lint.values import Class, Function, Instance, Made, Mapping, Sequence, constant_of

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

MAX_UNROLLED = 8


class Iteration:
    """What a loop variable is, turn by turn."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> Value:
        """A comprehension, read like the loop that it is."""
        scope = Scope(self.reader.scope.unit, "function", self.reader.scope.name, self.reader.scope)
        frame = self.reader.frame
        outer = frame.scope
        frame.scope = scope
        elements: list[Value] = []
        try:
            self._generators(node, 0, elements)
        finally:
            frame.scope = outer
        if isinstance(node, ast.DictComp):
            return self.reader.fresh("mapping", *elements)
        if isinstance(node, ast.SetComp):
            return Made(
                "set", elements[:1], {}, node, self.reader.fresh("set"), self.reader.site(node)
            )
        if len(node.generators) == 1 and not node.generators[0].ifs and "unrolled" in scope.names:
            return Sequence(elements)
        if len(elements) >= 2 and elements[0] is elements[1] and isinstance(elements[0], Symbol):
            return self.reader.table.symbol(Repeated, elements[0])
        if len(elements) >= 2 and all(isinstance(each, Instance) for each in elements):
            return Sequence(elements[:2], self.reader.fresh("member"))
        if elements and isinstance(elements[0], Made | Instance | Function | Class):
            return self.reader.table.symbol(Repeated, elements[0])
        if len(turns := elements[:2]) == 2 and are_symbols(turns):
            return self.reader.table.symbol(Listed, node, *turns)
        return self.reader.fresh("list", *elements)

    def _generators(self, node: Any, index: int, elements: list[Value]) -> None:
        if index == len(node.generators):
            if isinstance(node, ast.DictComp):
                self.reader.expressions.evaluate(node.key)
                elements.append(self.reader.expressions.evaluate(node.value))
            else:
                elements.append(self.reader.expressions.evaluate(node.elt))
            return
        generator: ast.comprehension = node.generators[index]
        iterable = self.reader.calls.iterated(
            self.reader.expressions.evaluate(generator.iter), generator.iter
        )
        self.comprehended(node, generator, iterable)
        known = self.unrolled(iterable)
        if known is not None and len(node.generators) == 1 and not generator.ifs:
            self.reader.scope.names["unrolled"] = self.reader.table.constant(True)
        rounds = known if known is not None else [self.elem(iterable, 1), self.elem(iterable, 2)]
        if self.reader.exhausted() or len(self.reader.frame.turns) >= 3:
            rounds = rounds[:1]
        for number, value in enumerate(rounds, 1):
            self.reader.binding.assign(generator.target, value)
            with self.reader.turn(
                Turn(generator, number, "comprehension", node.lineno, self.reader.graded)
            ):
                for test in generator.ifs:
                    self.reader.expressions.evaluate(test)
                self._generators(node, index + 1, elements)

    def comprehended(self, node: ast.expr, generator: ast.comprehension, iterable: Value) -> None:
        """A comprehension begins, which is a loop as any other."""
        loop = ast.copy_location(
            ast.For(generator.target, generator.iter, [ast.Expr(node)], []), node
        )
        self.reader.calls.loop_over(loop, iterable)

    def unrolled(self, iterable: Value) -> list[Value] | None:
        """The elements of a short iterable, where all are known."""
        constant = self.reader.table.constant
        known: list[Value]
        match iterable:
            case Sequence(items, rest=None):
                known = items[: MAX_UNROLLED + 1]
            case Mapping(items, complete=True) if len(items) <= MAX_UNROLLED:
                known = [constant(name) for name in items]
            case Made(name="items", args=[Mapping(items, complete=True)]):
                known = [Sequence([constant(name), value]) for name, value in items.items()]
            case Range():
                bounds = [constant_of(bound) for bound in iterable.bounds]
                if not all(isinstance(bound, int) for bound in bounds) or bounds[-1] == 0:
                    return None
                known = [constant(number) for number in range(*bounds)[: MAX_UNROLLED + 1]]
            case _:
                return None
        return known if len(known) <= MAX_UNROLLED else None

    def elem(self, iterable: Value, number: int) -> Value:
        """What a loop variable is in the first or second iteration."""
        constant = self.reader.table.constant
        match iterable:
            case Sequence(items, rest):
                return self._nth(items, number, rest)
            case Mapping(items):
                return self._nth([constant(name) for name in items], number)
            case Made(name="generated", args=rows):
                return self._nth(rows, number)
            case Made(name="zip" | "enumerate"):
                return self._zipped(iterable, number)
            case Made(name="items", args=[Mapping(items)]):
                pairs = [Sequence([constant(name), value]) for name, value in items.items()]
                return self._nth(pairs, number)
            case Repeated(inner):
                return inner
            case Listed(_, first, second):
                return first if number == 1 else second
            case Stack():  # the number-th of them, whatever their number
                return self.reader.containers.child(iterable, constant(number - 1))
            case Symbol():
                return self.reader.table.symbol(Element, iterable, number)
            case _:
                return self.reader.fresh("elem")

    def _nth(self, items: Items[Value], number: int, rest: Value | None = None) -> Value:
        """An element by its number from 1; where there are fewer, one of the rest."""
        if number <= len(items):
            return items[number - 1]
        return rest if rest is not None else self.reader.fresh("elem")

    def _zipped(self, iterable: Made, number: int) -> Value:
        if iterable.name == "zip":
            return Sequence([self.elem(part, number) for part in iterable.args])
        start = iterable.args[1] if len(iterable.args) > 1 else self.reader.table.constant(0)
        counter = self.reader.table.symbol(Element, self.reader.table.symbol(Count, start), number)
        return Sequence([counter, self.elem(iterable.args[0], number)])
