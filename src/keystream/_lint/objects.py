"""Objects of the project's classes: how they are made, and what their attributes are."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._lint.libraries.table import FRAMEWORKS, METHODS
from keystream._lint.symbols import Attribute, Option, Place, Value
from keystream._lint.values import (
    Class,
    Function,
    Instance,
    Made,
    Method,
    Reference,
    Wrapped,
    constant_of,
)

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

REPLACES = ("replace", "_replace", "apply_gradients")  # methods that return a changed copy
_PROPERTIES = frozenset({"property", "cached_property"})
INITIALISERS = ("__init__", "setup", "__post_init__")


class Objects:
    """Makes objects and looks up attributes. What it needs of the rest is declared here."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._initialised: dict[
            int, dict[str, Value]
        ] = {}  # attributes that a class's __init__ sets

    def instantiate(
        self, cls: Class, args: list[Value], keywords: dict[str, Value], node: ast.AST
    ) -> Value:
        """Make an object of a class of the project."""
        instance = Instance(cls, self.reader.table.fresh("object"))
        self.reader.facts.objects.add(node)
        for value in (*args, *keywords.values()):
            if isinstance(value, Made) and value.name == "flax.nnx.Rngs":
                self.reader.fact(
                    "model_seeded",
                    node,
                    cls=cls,
                    rngs=value,
                    turns=self.reader.frame.turns,
                    target=self.reader.frame.target,
                    arms=tuple(self.reader.arms),
                )
        self.reader.kept.append(instance)
        self.reader.store(instance.symbol, "__made__", self.reader.table.symbol(Place, node))
        init = self.class_attribute(cls, "__init__")
        if isinstance(init, Function):
            self.reader.calls.call(self.bind_method(init, instance), args, keywords, node)
            return instance
        if init is None and (cls.fields or not cls.bases):
            self._fields(cls, instance, args, keywords)
        for name, value in keywords.items():
            if name != "**" and self.reader.load(instance.symbol, name) is None:
                self.reader.store(instance.symbol, name, value)
        for name in ("__post_init__", "setup"):
            method = self.class_attribute(cls, name)
            if isinstance(method, Function):
                hushed = name == "setup"
                self.reader.hushed += hushed
                self.reader.calls.call(self.bind_method(method, instance), [], {}, node)
                self.reader.hushed -= hushed
        return instance

    def _fields(
        self, cls: Class, instance: Instance, args: list[Value], keywords: dict[str, Value]
    ) -> None:
        names = self.all_fields(cls)
        for name, value in zip(names, args, strict=False):
            self.reader.store(instance.symbol, name, value)
        for name in names:
            if name in keywords:
                self.reader.store(instance.symbol, name, keywords[name])
            elif self.reader.load(instance.symbol, name) is None and "**" not in keywords:
                default = self.class_attribute(cls, name)
                if isinstance(default, Made) and default.name.endswith(".field"):
                    default = default.keywords.get("default")
                if default is not None:
                    self.reader.store(instance.symbol, name, default)

    def all_fields(self, cls: Class) -> list[str]:
        """The names of a dataclass's fields, those of its bases first."""
        names: dict[str, None] = {}
        for base in cls.bases:
            if isinstance(base, Class):
                names.update(dict.fromkeys(self.all_fields(base)))
        own = [name for name in cls.fields if name not in names]
        return [*names, *own]

    def class_attribute(self, cls: Class, name: str, depth: int = 0) -> Value | None:
        """An attribute of a class or its bases."""
        found = cls.attributes.get(name)
        if found is not None:
            return found
        for base in cls.bases:
            if isinstance(base, Class) and depth < 8:
                found = self.class_attribute(base, name, depth + 1)
                if found is not None:
                    return found
        return None

    def framework(self, cls: Class, depth: int = 0) -> str:
        """Which library's modules a class belongs to: ``linen``, ``nnx``, ``equinox``, ... or none."""
        for base in cls.bases:
            if isinstance(base, Class) and depth < 8:
                found = self.framework(base, depth + 1)
                if found:
                    return found
            if isinstance(base, Reference):
                found = FRAMEWORKS.get(base.name)
                if found:
                    return found
        return ""

    def bind_method(self, value: Value, instance: Instance) -> Value:
        """A method of an object."""
        if isinstance(value, Function):
            names = _decorators(value)
            if "staticmethod" in names:
                return value
            owner: Value = instance.cls if "classmethod" in names else instance
            return Function(value.node, value.scope, value.name, value.owner, owner, value.defaults)
        if isinstance(value, Wrapped):
            return Wrapped(
                value.kind,
                self.bind_method(value.function, instance),
                {**value.options, "self": instance},
                value.node,
                value.name,
            )
        return value

    def instance_attribute(self, instance: Instance, name: str, node: ast.AST) -> Value:
        """An attribute of an object of the project's classes."""
        symbol = instance.symbol
        found = self.reader.load(symbol, name)
        if found is not None:
            return found
        found = self.class_attribute(instance.cls, name)
        if isinstance(found, Function | Wrapped):
            if isinstance(found, Function) and _decorators(found) & _PROPERTIES:
                value = self.reader.calls.call(self.bind_method(found, instance), [], {}, node)
                if "cached_property" in _decorators(found):
                    self.reader.store(symbol, name, value)  # found there from now on
                return value
            return self.bind_method(found, instance)
        known = self.initial(instance).get(name)
        if known is not None and name not in self.reader.project.mutated(instance.cls.node):
            return known
        if found is not None and name not in instance.cls.fields:
            return found
        if name in METHODS and (name in REPLACES or self.framework(instance.cls)):
            return Method(instance, name)
        default = constant_of(found) if name in instance.cls.fields else None
        if isinstance(default, int | float) and not isinstance(default, bool):
            return self.reader.table.symbol(
                Option, symbol, name, default, self.reader.version(symbol)
            )
        return self.reader.table.symbol(Attribute, symbol, name, self.reader.version(symbol))

    def initial(self, instance: Instance) -> dict[str, Value]:
        """The attributes that the initialisers of an unknown object's class give it."""
        node = instance.cls.node
        found = self._initialised.get(id(node))
        if found is None:
            found = self._initialised[id(node)] = {}
            own = Instance(instance.cls, self.reader.table.fresh("self"))
            for name in INITIALISERS:
                method = instance.cls.attributes.get(name)
                if isinstance(method, Function) and method.node not in self.reader.active:
                    self.reader.hushed += 1
                    arms = list(self.reader.arms)
                    with self.reader.aside() as changes:
                        self.run_method(method, own)
                    for (owner, attribute), value in changes.items():
                        if owner == id(own.symbol):
                            found[attribute] = value
                    self.reader.arms = arms
                    self.reader.hushed -= 1
        return found

    def run_method(self, method: Function, instance: Instance) -> None:
        """Read a method whose arguments are not known."""
        scope = self.reader.calls.bound(method, [instance], {})
        self.reader.statements.run(method, scope)


def is_classmethod(function: Function) -> bool:
    """Whether a function of a class is called with the class."""
    return "classmethod" in _decorators(function)


def _decorators(function: Function) -> set[str]:
    """The last names of what a function is decorated with."""
    found = getattr(function.node, "decorator_list", ())
    return {getattr(each, "id", getattr(each, "attr", "")) for each in found}
