"""Walking expressions: what each is worth, and what its evaluation does to keys."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from keystream._lint.objects import REPLACES, is_classmethod
from keystream._lint.symbols import (
    Attribute,
    Child,
    Constant,
    Element,
    Global,
    Join,
    KeyArray,
    KeyData,
    Lane,
    Mask,
    NamedKey,
    Operation,
    Range,
    Replaced,
    Seed,
    Stack,
    StreamKey,
    Symbol,
    Text,
    Value,
    are_symbols,
    is_operation,
)
from keystream._lint.values import (
    Class,
    Function,
    Instance,
    Made,
    Mapping,
    Method,
    Partial,
    Reference,
    Sequence,
    Wrapped,
    constant_of,
)

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: lambda one, other: one**other if abs(other) <= 64 and abs(one) < 2**64 else one / 0,
}


class Expressions:
    """Evaluates expressions."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        containers, comprehension = reader.containers, reader.iteration.comprehension
        self._handlers: dict[type[ast.expr], Callable[[Any], Value]] = {
            ast.Constant: self.constant,
            ast.Name: self.name,
            ast.Attribute: self.attribute,
            ast.Subscript: self.subscript,
            ast.Tuple: containers.tuple_,
            ast.List: containers.tuple_,
            ast.Set: containers.set_,
            ast.Dict: containers.dictionary,
            ast.BinOp: self.binary,
            ast.UnaryOp: self.unary,
            ast.BoolOp: self.boolean,
            ast.Compare: self.compare,
            ast.IfExp: self.conditional,
            ast.JoinedStr: self.formatted,
            ast.Lambda: self.lambda_,
            ast.ListComp: comprehension,
            ast.SetComp: comprehension,
            ast.GeneratorExp: comprehension,
            ast.DictComp: comprehension,
            ast.NamedExpr: self.named,
            ast.Await: self.passed,
            ast.Starred: self.passed,
            ast.Yield: self.passed,
            ast.YieldFrom: self.passed,
            ast.Call: self.call_expression,
        }

    def evaluate(self, node: ast.expr | None) -> Value:
        """What an expression is worth."""
        if node is None:
            return self.reader.table.constant(None)
        handler = self._handlers.get(type(node))
        if handler is None:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.evaluate(child)
            return self.reader.fresh(type(node).__name__)
        return handler(node)

    def constant(self, node: ast.Constant) -> Value:
        """A literal."""
        if isinstance(node.value, int | float | str | bool | bytes | None.__class__):
            return self.reader.table.constant(node.value)
        return self.reader.fresh("constant")

    def name(self, node: ast.Name) -> Value:
        """A name."""
        found = self.reader.scope.find(node.id)
        if found is not None:
            return found
        if node.id in _BUILTINS:
            return Reference("builtins." + node.id)
        return self.reader.table.symbol(Global, node.id)

    def attribute(self, node: ast.Attribute) -> Value:
        """An attribute."""
        return self.attribute_of(self.evaluate(node.value), node.attr, node)

    def subscript(self, node: ast.Subscript) -> Value:
        """An element, a slice or the value of a mapping."""
        owner = self.evaluate(node.value)
        if isinstance(node.slice, ast.Slice):
            return self.reader.containers.sliced(owner, node.slice)
        index = self.evaluate(node.slice)
        self.reader.calls.picked(node, owner, index)
        return self.reader.containers.element(owner, index)

    def binary(self, node: ast.BinOp) -> Value:
        """Arithmetic."""
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        function = _ARITHMETIC.get(type(node.op))
        one, other = constant_of(left, _NOTHING), constant_of(right, _NOTHING)
        if function and isinstance(one, int | float) and isinstance(other, int | float):
            try:
                return self.reader.table.constant(function(one, other))
            except (ArithmeticError, ValueError):
                return self.reader.fresh("arithmetic")
        if isinstance(node.op, ast.Mult) and isinstance(left, Sequence) and len(left.items) == 1:
            return self.reader.containers.repeated(left.items[0], right)  # [key] * n
        if (
            isinstance(node.op, ast.Add)
            and isinstance(left, Sequence)
            and isinstance(right, Sequence)
        ):
            return Sequence([*left.items, *right.items], right.rest)
        return self.reader.calls.operated(node, left, right)

    def unary(self, node: ast.UnaryOp) -> Value:
        """``not``, ``-``, ``~``."""
        value = self.evaluate(node.operand)
        plain = constant_of(value, _NOTHING)
        if plain is not _NOTHING:
            if isinstance(node.op, ast.Not):
                return self.reader.table.constant(not plain)
            if isinstance(node.op, ast.USub) and isinstance(plain, int | float):
                return self.reader.table.constant(-plain)
        if isinstance(value, Symbol):
            return self.reader.table.symbol(Operation, type(node.op).__name__, (value,))
        return self.reader.fresh("unary")

    def boolean(self, node: ast.BoolOp) -> Value:
        """``and``, ``or``."""
        values = [self.evaluate(node.values[0])]
        branch = ("bool", node, len(self.reader.frames))
        with self.reader.arm(branch, 1):
            values += [self.evaluate(value) for value in node.values[1:]]
        first = constant_of(values[0], _NOTHING)
        if first is not _NOTHING and len(values) == 2:
            return values[1] if bool(first) == isinstance(node.op, ast.And) else values[0]
        if are_symbols(values):
            return self.reader.table.symbol(Operation, type(node.op).__name__, tuple(values))
        if isinstance(node.op, ast.Or) and isinstance(values[0], Instance | Made | Function):
            return values[0]
        return self.reader.fresh("boolean", *values)

    def compare(self, node: ast.Compare) -> Value:
        """A comparison."""
        values = [self.evaluate(node.left), *(self.evaluate(value) for value in node.comparators)]
        if len(values) == 2 and are_symbols(values):
            one, other = constant_of(values[0], _NOTHING), constant_of(values[1], _NOTHING)
            if (
                other is None
                and isinstance(node.ops[0], ast.Is | ast.IsNot)
                and is_something(values[0])
            ):
                return self.reader.table.constant(isinstance(node.ops[0], ast.IsNot))
            if one is not _NOTHING and other is not _NOTHING:
                if isinstance(node.ops[0], ast.Is | ast.Eq):
                    return self.reader.table.constant(one == other and type(one) is type(other))
                if isinstance(node.ops[0], ast.IsNot | ast.NotEq):
                    return self.reader.table.constant(
                        not (one == other and type(one) is type(other))
                    )
            return self.reader.table.symbol(Operation, type(node.ops[0]).__name__, tuple(values))
        if (
            len(values) == 2
            and constant_of(values[1], 0) is None
            and not isinstance(values[0], Symbol)
        ):
            return self.reader.table.constant(isinstance(node.ops[0], ast.IsNot | ast.NotEq))
        return self.reader.fresh("compare", *values)

    def conditional(self, node: ast.IfExp) -> Value:
        """``a if test else b``."""
        test = self.evaluate(node.test)
        plain = constant_of(test, _NOTHING)
        if plain is not _NOTHING:
            return self.evaluate(node.body if plain else node.orelse)
        branch, choices = self.reader.branching.branch_of(node.test, node)
        with self.reader.arm(branch, choices[0]):
            yes = self.evaluate(node.body)
        with self.reader.arm(branch, choices[1]):
            no = self.evaluate(node.orelse)
        return self.reader.containers.join([yes, no])

    def formatted(self, node: ast.JoinedStr) -> Value:
        """An f-string."""
        parts = [
            self.evaluate(part.value)
            for part in node.values
            if isinstance(part, ast.FormattedValue)
        ]
        if are_symbols(parts):
            return self.reader.table.symbol(Text, node, tuple(parts))
        return self.reader.fresh("string", *parts)

    def lambda_(self, node: ast.Lambda) -> Value:
        """A lambda."""
        return Function(
            node,
            self.reader.scope,
            self.reader.scope.qualified("<lambda>"),
            defaults=self.defaults_of(node.args),
        )

    def defaults_of(self, arguments: ast.arguments) -> dict[str, Value]:
        """The default values of parameters, evaluated where the function is defined."""
        found: dict[str, Value] = {}
        positional = [*arguments.posonlyargs, *arguments.args]
        for parameter, default in zip(positional[::-1], arguments.defaults[::-1], strict=False):
            found[parameter.arg] = self.evaluate(default)
        for parameter, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                found[parameter.arg] = self.evaluate(default)
        return found

    def named(self, node: ast.NamedExpr) -> Value:
        """``name := value``."""
        value = self.evaluate(node.value)
        self.reader.binding.assign(node.target, value)
        return value

    def passed(self, node: ast.Await | ast.Starred | ast.Yield | ast.YieldFrom) -> Value:
        """What hands its operand on, or to someone else."""
        value = self.evaluate(node.value)
        if isinstance(node, ast.Yield):
            self.reader.frame.yields.append(value)
            if self.reader.frame.paused is None and _manages_context(self.reader.frame.node):
                self.reader.frame.paused = dict(self.reader.heap)
        elif isinstance(node, ast.YieldFrom):
            self.reader.frame.yields += [
                self.reader.iteration.elem(value, 1),
                self.reader.iteration.elem(value, 2),
            ]
        return value if isinstance(node, ast.Starred | ast.Await) else self.reader.fresh("sent")

    def call_expression(self, node: ast.Call) -> Value:
        """A call."""
        self.reader.steps += 1
        function = self.evaluate(node.func)
        self.reader.calls.told(function, node)
        args = self._arguments(node)
        keywords: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.evaluate(keyword.value)
            if keyword.arg is not None:
                keywords[keyword.arg] = value
            elif isinstance(value, Mapping):
                keywords.update({k: v for k, v in value.items.items() if isinstance(k, str)})
                if not value.complete:
                    keywords["**"] = value
            else:
                keywords["**"] = value
        return self.reader.calls.call(function, args, keywords, node)

    def _arguments(self, node: ast.Call) -> list[Value]:
        """The positional arguments; where a ``*`` is not seen, one stands for all that follow."""
        args: list[Value] = []
        for position, argument in enumerate(node.args):
            if not isinstance(argument, ast.Starred):
                args.append(self.evaluate(argument))
                continue
            inner = self.evaluate(argument.value)
            known = self.reader.containers.known_elements(inner)
            if known is not None:
                args += known
                continue
            after = node.args[position + 1 :]
            if isinstance(inner, Symbol) and len(node.args) == len(args) + 1:
                args.append(Made("starred", [inner], {}, argument, inner))
                continue
            symbol = self.reader.fresh("starred", inner)
            args.append(Made("starred", [inner], {}, argument, symbol))
            args += [
                self.reader.fresh("starred") if isinstance(a, ast.Starred) else self.evaluate(a)
                for a in after
            ]
            break
        return args

    def attribute_of(self, owner: Value, name: str, node: ast.AST) -> Value:
        """``owner.name``."""
        if isinstance(owner, Reference):
            if owner.name in _OF_COMMAND_LINE:
                table = self.reader.table
                return table.symbol(Attribute, table.constant(owner.name), name)
            return self.reader.calls.reference(owner.name + "." + name)
        if isinstance(owner, Instance):
            return self.reader.objects.instance_attribute(owner, name, node)
        if isinstance(owner, Class):
            found = self.reader.objects.class_attribute(owner, name)
            if isinstance(found, Function) and is_classmethod(found):
                return replace(found, bound=owner)
            return found if found is not None else self.reader.table.symbol(Attribute, owner, name)
        if isinstance(owner, Made) and owner.name == "module" and owner.place is not None:
            found = owner.place.names.get(name)
            return found if found is not None else self.reader.table.symbol(Attribute, owner, name)
        if isinstance(owner, Symbol):
            return self._attribute_of_symbol(owner, name, node)
        if isinstance(owner, Function) and name == "__name__":
            return self.reader.table.constant(owner.name.rpartition(".")[2])
        found = self.reader.load(owner, name)
        if found is not None:
            return found
        if isinstance(owner, Made | Wrapped | Partial | Function | Mapping | Sequence | Method):
            return Method(owner, name)
        return self.reader.fresh("attribute")

    def _attribute_of_symbol(self, owner: Symbol, name: str, node: ast.AST) -> Value:
        found = self.reader.load(owner, name)
        if found is not None:
            return found
        if isinstance(owner, Constant):
            return Method(owner, name)
        if isinstance(owner, Replaced) and name not in REPLACES:
            return self.attribute_of(owner.owner, name, node)
        found = self.reader.table.symbol(Attribute, owner, name, self.reader.version(owner))
        if name in _OF_ALL_LANES:
            found.tags = frozenset(tag for tag in found.tags if tag[0] != "lane")
        return found


_SOMETHING = Seed | Child | Stack | KeyArray | StreamKey | NamedKey | KeyData | Range | Mask | Text


def is_something(value: Value) -> bool:
    """Whether a value is surely not None: a key, keys, or what arithmetic gives."""
    if isinstance(value, Lane | Element):  # of several that are something, each is
        return isinstance(value.parent, Stack | KeyArray) or (
            value.parent is not None and is_something(value.parent)
        )
    if isinstance(value, Join):
        return all(map(is_something, value.choices))
    computed = is_operation(value, "Add", "Sub", "Mult", "Div", "Mod", "FloorDiv", "USub")
    return computed or isinstance(value, _SOMETHING)


def _manages_context(node: ast.AST) -> bool:
    """Whether a generator is made a context manager: what follows its yield runs after the block."""
    return any(
        getattr(decorator, "attr", getattr(decorator, "id", "")).endswith("contextmanager")
        for decorator in getattr(node, "decorator_list", ())
    )


_OF_ALL_LANES = frozenset({"shape", "ndim", "size", "dtype"})  # of an array the same in each lane
_OF_COMMAND_LINE = frozenset(
    {"absl.flags.FLAGS"}
)  # objects of libraries whose values stay as given
_NOTHING = object()


_BUILTINS = frozenset(dir(__builtins__) if not isinstance(__builtins__, dict) else __builtins__)
