"""What is put down beside the walk: keys in definitions, splits nobody takes, resumed loops."""

from __future__ import annotations

import ast
import re

from keystream._lint.calls import Calls
from keystream._lint.facts import Fact
from keystream._lint.values import (
    Class,
    Function,
    Made,
    Partial,
    Reference,
    Symbol,
    Value,
    Wrapped,
    root_of,
)

_RESTORED = re.compile(
    r"(?:^|[_. ])(?:re)?load(?:s|ed)?(?:$|[_. ](?!data|train|test|mnist|cifar))|restor|resum|ckpt|"
    r"checkpoint|latest_step|from_bytes"
)
_SAID = re.compile(r"resum|restor|loaded|ckpt|checkpoint")


class Noticing(Calls):
    """Hooks that statements call."""

    def attribute_stored(self, owner: Value, target: ast.Attribute, value: Value) -> None:
        """Something was stored in an attribute."""

    def discarded(self, node: ast.Call, value: Value) -> None:
        """The value of a call is not used."""
        if isinstance(value, Symbol) and value.op == "stack":
            self.fact("split_discarded", node, key=value.args[0])

    def after_loop(self, node: ast.For | ast.AsyncFor | ast.While, start: list[Value]) -> None:
        """A loop over steps ended: did it go on from a restored step with a chain from the seed?"""
        restored = next(filter(None, map(self._restored, start)), None)
        words = ast.unparse(node.iter if not isinstance(node, ast.While) else node.test).lower()
        said = bool(start) and bool(_SAID.search(words))
        if restored is None and not said:
            return
        for name, key in self.scope.names.items():
            if not isinstance(key, Symbol) or key.op != "child" or root_of(key).op not in ("seed",):
                continue
            part: Symbol = key
            depth = 0
            while part.op == "child" and isinstance(part.args[0], Symbol) and not part.args[1].tags:
                if any(
                    turn.node is node
                    for kind, site in self.routes.get(part, ())
                    if kind == "split"
                    for turn in site.turns
                ):
                    depth += 1
                if part.args[1].op != "const":
                    break
                part = part.args[0]
            sites = [site for kind, site in self.routes.get(root_of(key), ()) if kind == "seed"]
            if depth >= 2 and part.op == "seed" and stored_in(node, name):
                self.fact("resumed", node, seed=sites[0] if sites else None, restored=restored)
                return

    def _restored(self, start: Value, depth: int = 0) -> Symbol | None:
        """The part of a loop's first step that comes from a checkpoint."""
        if not isinstance(start, Symbol) or depth > 8:
            return None
        if start.op in ("opaque", "attr", "call", "method", "parameter"):
            words = " ".join(part for part in start.args[:2] if isinstance(part, str)).lower()
            if _RESTORED.search(words):
                return start
        for part in start.args:
            found = self._restored(part, depth + 1) if isinstance(part, Symbol) else None
            if found is not None:
                return found
        return None

    def defined(self, function: Function) -> None:
        """A function was defined."""
        self.definitions.append(function)

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
                and not (isinstance(default, ast.Name) and self.scope.kind == "function")
                and isinstance(value, Symbol)
                and value.op in ("seed", "child", "stack")
            ):
                self.default_keys.add(root_of(value))
                self.fact("key_default", default, parameter=parameter.arg, function=function.name)

    def check_fields(self, cls: Class) -> None:
        """Note the keys among a class's attributes."""
        for name, value in cls.attributes.items():
            default = value
            if isinstance(value, Made) and value.name.endswith(".field"):
                default = value.keywords.get("default", value)
            if isinstance(default, Symbol) and default.op in ("seed", "child"):
                for statement in cls.node.body:
                    target = getattr(statement, "target", None) or next(
                        iter(getattr(statement, "targets", [])), None
                    )
                    if isinstance(target, ast.Name) and target.id == name:
                        self.default_keys.add(root_of(default))
                        self.fact("key_attribute", statement, name=name, cls=cls.name)

    def class_defined(self, cls: Class) -> None:
        """A class was defined."""
        self.facts.facts.append(Fact("class", self.site(cls.node), (), {"class": cls}))

    def adopt(self, value: Value, cls: Class) -> None:
        """Tell a method its class."""
        if isinstance(value, Function):
            value.owner = cls
        elif isinstance(value, Wrapped):
            self.adopt(value.function, cls)

    def decorated(self, value: Value, decorator: ast.expr) -> Value:
        """A function under a decorator."""
        function = self.evaluate(decorator)
        if isinstance(function, Reference | Partial | Wrapped):
            found = self.call(function, [value], {}, decorator)
            if isinstance(found, Function | Wrapped | Made | Partial):
                return found
        return value


def stored_in(node: ast.AST, name: str) -> bool:
    """Whether a loop rebinds a name."""
    return any(
        isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Store)
        for part in ast.walk(node)
    )
