"""Definitions: functions and classes under their decorators, and the keys that they hold."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._lint.facts import Fact
from keystream._lint.scope import Scope
from keystream._lint.symbols import Child, Seed, Stack, Value
from keystream._lint.values import Class, Function, Made, Partial, Reference, Wrapped, root_of

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


class Definitions:
    """Notes what is defined."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.functions: list[Function] = []  # in the order in which they were defined
        self.wrappers: dict[ast.AST, list[Wrapped]] = {}  # transformations over a function

    def defined(self, function: Function) -> None:
        """A function was defined."""
        self.functions.append(function)

    def check_defaults(self, function: Function) -> None:
        """Note the keys among a function's defaults."""
        arguments = function.node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        pairs = [
            *zip(positional[::-1], arguments.defaults[::-1], strict=False),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        for parameter, default in pairs:
            value = function.defaults.get(parameter.arg)
            if (
                default is not None
                and not (isinstance(default, ast.Name) and self.reader.scope.kind == "function")
                and isinstance(value, Seed | Child | Stack)
            ):
                self.reader.default_keys.add(root_of(value))
                self.reader.fact("key_default", default, parameter=parameter.arg, function=function)

    def left_out(self, function: Function, scope: Scope, node: ast.AST) -> None:
        """Note a call that leaves out a key which a function of another file has as its default.

        The file of the function does not show the call.
        """
        reader = self.reader
        unit = reader.frames[0].scope.unit
        if function.scope.unit is unit or reader.scope.unit is not unit or reader.hushed:
            return
        for name, default in function.defaults.items():
            if not isinstance(default, Seed | Child | Stack):
                continue
            if scope.names.get(name) is not default:
                reader.facts.given.add((function.node, name))
            else:
                fact = reader.left_out.get(root_of(default))
                if fact is None:
                    data = {"function": function, "parameter": name, "calls": set[ast.AST]()}
                    fact = Fact("key_left_out", reader.site(node), tuple(reader.chain), data)
                    reader.left_out[root_of(default)] = fact
                turns = any(site.turns for site in (*reader.chain, reader.site(node)))
                fact.data["calls"].add(node)
                fact.data["again"] = fact.data.get("again") or turns or bool(reader.jitted)

    def check_fields(self, cls: Class) -> None:
        """Note the keys among a class's attributes."""
        for name, value in cls.attributes.items():
            default = value
            if isinstance(value, Made) and value.name.endswith(".field"):
                default = value.keywords.get("default", value)
            if isinstance(default, Seed | Child):
                for statement in cls.node.body:
                    target = getattr(statement, "target", None) or next(
                        iter(getattr(statement, "targets", [])), None
                    )
                    if isinstance(target, ast.Name) and target.id == name:
                        self.reader.default_keys.add(root_of(default))
                        self.reader.fact("key_attribute", statement, name=name, cls=cls.name)

    def class_defined(self, cls: Class) -> None:
        """A class was defined."""
        self.reader.facts.facts.append(
            Fact("class", self.reader.site(cls.node), (), {"class": cls})
        )

    def adopt(self, value: Value, cls: Class) -> None:
        """Tell a method its class."""
        if isinstance(value, Function):
            value.owner = cls
        elif isinstance(value, Wrapped):
            self.adopt(value.function, cls)

    def decorated(self, value: Value, decorator: ast.expr) -> Value:
        """A function under a decorator, remembered for when it is read on its own."""
        function = self.reader.expressions.evaluate(decorator)
        found = value
        if isinstance(function, Reference | Partial | Wrapped | Function):
            result = self.reader.calls.call(function, [value], {}, decorator)
            found = result if isinstance(result, Function | Wrapped | Made | Partial) else value
        inner = found
        while isinstance(inner, Wrapped):
            if isinstance(inner.function, Function):
                self.wrappers.setdefault(inner.function.node, []).append(inner)
            inner = inner.function
        return found
