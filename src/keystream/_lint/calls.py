"""Walking calls: functions of the project are followed, those of libraries looked up."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keystream._lint.facts import Arms, Turn, text_of
from keystream._lint.libraries import table
from keystream._lint.libraries.aliases import canonical
from keystream._lint.libraries.call import Call
from keystream._lint.scope import Scope, absolute
from keystream._lint.state import MAX_DEPTH
from keystream._lint.symbols import (
    Attribute,
    Called,
    Child,
    Item,
    Leaf,
    NamedKey,
    Operation,
    Parameter,
    Repeated,
    Seed,
    Stack,
    StreamKey,
    Symbol,
    Value,
)
from keystream._lint.texts import texts_in
from keystream._lint.unknown_models import (
    check_apply,
    check_flags,
    is_called_a_key,
    is_name_of_key,
    is_one_key,
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
    root_of,
)
from keystream._lint.walking import walk

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


_APPLIES = ("apply", "apply_fn")  # of Flax: they change nothing of what they are called on


class Calls:
    """Follows calls."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def reference(self, name: str) -> Value:
        """A name of a library, or of a module of the project."""
        found = self.reader.project.module_member(name)
        return found if found is not None else Reference(canonical(name))

    def call(
        self, function: Value, args: list[Value], keywords: dict[str, Value], node: ast.AST
    ) -> Value:
        """What a call returns, after what it does is noted."""
        match function:
            case Reference():
                return self.call_library(Call(function.name, args, keywords, node))
            case Function():
                return self.follow(function, args, keywords, node)
            case Class():
                return self.reader.objects.instantiate(function, args, keywords, node)
            case Partial():
                return self.call(
                    function.function,
                    [*function.args, *args],
                    {**function.keywords, **keywords},
                    node,
                )
            case Wrapped():
                handler = table.TRANSFORMED.get(function.kind)
                call = Call(function.kind, args, keywords, node, function)
                found = handler(self.reader, call) if handler is not None else None
                return found if found is not None else self.reader.fresh(function.kind, *args)
            case Made():
                call = Call(function.name, args, keywords, node)
                found = self.call_object(function, "__call__", call)
                return found if found is not None else self.unknown(call)
            case Instance():
                method = self.reader.objects.instance_attribute(function, "__call__", node)
                if isinstance(method, Function | Wrapped | Partial):
                    return self.call(method, args, keywords, node)
                return self.reader.fresh("call", *args)
            case Method():
                return self.call_method(Call(function.name, args, keywords, node, function.owner))
            case Symbol():
                if isinstance(function, Attribute) and isinstance(function.args[1], str):
                    return self.call_method(
                        Call(function.args[1], args, keywords, node, function.args[0])
                    )
                return self.unknown(Call("", args, keywords, node, function))
            case _:
                return self.unknown(Call("", args, keywords, node))

    def call_library(self, call: Call) -> Value:
        """A call of a library's function."""
        name = call.name
        handler = table.FUNCTIONS.get(name)
        if handler is None:
            # a module that was itself being read when it was imported: two that import each other
            late = self.reader.project.module_member(name)
            if late is not None:
                return self.call(late, call.args, call.keywords, call.node)
            prefixed = (other for prefix, other in table.PREFIXES if name.startswith(prefix))
            handler = next(prefixed, None)
        found = handler(self.reader, call) if handler is not None else None
        if found is not None:
            return found
        if name.startswith(table.PURE) or name in table.PURE_BUILTINS:
            if all(isinstance(value, Symbol) for value in (*call.args, *call.keywords.values())):
                return self.reader.table.symbol(Called, name, (*call.args, *call.keywords.values()))
            return self.reader.fresh(name, *call.args)
        return self.unknown(call)

    def call_object(self, made: Made, method: str, call: Call) -> Value | None:
        """A call of a method of what a library made; None where nothing is known of it."""
        methods = table.OBJECTS.get(made.name, {})
        handler = methods.get(method, methods.get(table.ANY))
        if handler is None:
            return None
        return handler(self.reader, Call(method, call.args, call.keywords, call.node, made))

    def unknown(self, call: Call) -> Value:
        """A call of something that is not known: it may draw from the keys that it is given."""
        if not call.name.startswith("builtins."):
            for value in (*call.args, *call.keywords.values()):
                self.reader.taken(value, call.node)
            self._handed_on(call)
            for look in table.HANDED_CHECKS:
                look(self.reader, call)
        return self.reader.fresh(call.name, *call.args, *call.keywords.values())

    def _handed_on(self, call: Call) -> None:
        """Note the keys that are given to a function which is not known: it likely draws from them."""
        reader = self.reader
        given = [("", value) for arg in call.args for value in _elements(arg)]
        given += [(w, v) for w, arg in call.keywords.items() if w != "**" for v in _elements(arg)]
        keys = [value for word, value in given if self._may_be_key(call, word, value)]
        if not keys or isinstance(reader.frame.statement, ast.Assert | ast.If | ast.While):
            return  # what is asserted or decides on a branch looks at a key, and draws nothing
        name = text_of(call.node.func) if isinstance(call.node, ast.Call) else call.name
        last = name.rpartition(".")[2]
        if last in table.KEEPERS or call.name.startswith(table.KEYLESS):
            return
        # what a class is given it keeps, or draws from at once: either way nothing else may use it
        kind = "kept" if _makes_object(last) else "handed"
        varied = any(tag[0] == "lane" for _, value in given for tag in value.tags)
        for value in keys:
            said = self._said(call, value)
            # what a model draws while it is initialised is thrown away, but for its parameters
            discarded = last == "init" and (not call.args or value is not call.args[0])
            more: dict[str, Any] = {"discarded": discarded, "alike": not varied}
            more["told_axis"] = "axis_name" in call.keywords
            reader.use(value, kind, name or "a function", call.node, text=said, **more)

    def _may_be_key(self, call: Call, word: str, value: Symbol) -> bool:
        """Whether an argument is a key: by the keyword, how it was made, an earlier use or its name."""
        if is_one_key(value) or self._is_used_as_key(value):
            return True
        named = word in table.KEY_WORDS or is_called_a_key(value)
        if not named and not isinstance(value, Item):
            return False  # most arguments; how the source spells them is not asked
        said = self._said(call, value)
        if said in texts_in(self.reader.frame.node):
            return False  # of a dictionary
        return named or is_name_of_key(said)

    def _is_used_as_key(self, value: Symbol) -> bool:
        """Whether an earlier use shows that a value is a key."""
        earlier = self.reader.uses.get(value, ())
        return any(use.kind in ("split", "fold", "draw") for use in earlier)

    def _said(self, call: Call, value: Value) -> str:
        """A key as the source spells it among the arguments of a call."""
        node = call.node
        if not isinstance(node, ast.Call):
            return ""
        spelt = dict(zip(map(id, call.args), node.args, strict=False))
        words = {keyword.arg: keyword.value for keyword in node.keywords}
        spelt |= {id(v): words[word] for word, v in call.keywords.items() if word in words}
        return text_of(spelt.get(id(value)))

    def call_method(self, call: Call) -> Value:
        """A call of a method of a library's object, or of an object that is not known."""
        if call.name in _APPLIES:
            check_apply(self.reader, call)
        if isinstance(call.owner, Made):
            found = self.call_object(call.owner, call.name, call)
            if found is not None:
                return found
        of_kind = table.KINDS.get(type(call.owner)) if call.owner is not None else None
        if of_kind is not None:
            return of_kind(self.reader, call) or self.unknown(call)
        for handler in table.METHODS.get(call.name, ()):
            found = handler(self.reader, call)
            if found is not None:
                return found
        if call.owner is not None and call.name not in _APPLIES:
            self.reader.changed(call.owner)
        return self.unknown(call)

    def iterated(self, value: Value, node: ast.AST) -> Value:
        """What a loop goes over: of an object, what its ``__iter__`` yields."""
        if not isinstance(value, Instance):
            return value
        method = self.reader.objects.class_attribute(value.cls, "__iter__")
        if not isinstance(method, Function):
            return value
        return self.call(self.reader.objects.bind_method(method, value), [], {}, node)

    def picked(self, node: ast.Subscript, owner: Value, index: Value) -> None:
        """Let the libraries see what is taken out of a collection."""
        if isinstance(owner, Symbol):
            for look in table.INDEX_CHECKS:
                look(self.reader, node, owner, index)

    def told(self, function: Value, node: ast.Call) -> None:
        """Let the libraries see a call as it is spelt."""
        if node.keywords:
            check_flags(self.reader, node)
        if isinstance(function, Function | Class):
            for look in table.CALL_CHECKS:
                look(self.reader, function, node)

    def loop_over(self, node: ast.AST, iterable: Value) -> None:
        """Let the libraries see a loop that begins."""
        for look in table.LOOP_CHECKS:
            look(self.reader, node, iterable)

    # Functions of the project.

    def follow(
        self, function: Function, args: list[Value], keywords: dict[str, Value], node: ast.AST
    ) -> Value:
        """Read a function of the project with these arguments."""
        body = function.node
        if _is_abstract(body):
            self._handed_on(Call(function.name, args, keywords, node))
            return self.reader.fresh("call " + function.name, *args)
        if function.bound is not None:
            args = [function.bound, *args]
        exhausted = self.reader.exhausted()
        if exhausted:  # what is not read to its end is read by itself as well
            self.reader.covered.difference_update(self.reader.active)
        if (
            exhausted
            or len(self.reader.frames) > MAX_DEPTH
            or self._recurs(body, [*args, *keywords.values()])
            or not (
                self.worth(function)
                or (_small(body) and (_is_formula(body) or any(map(_is_key, args))))
            )
        ):
            self._handed(function, args)
            return self.reader.fresh("call " + function.name, *args)
        scope = self.bound(function, args, keywords, called=True)
        self.reader.definitions.left_out(function, scope, node)
        self.reader.covered.add(body)
        self.reader.chain.append(self.reader.site(node, body))
        before: Arms = tuple(self.reader.arms)
        try:
            return self.reader.statements.run(function, scope)
        finally:
            self.reader.chain.pop()
            del self.reader.arms[len(before) :]

    def _recurs(self, body: ast.AST, given: list[Value]) -> bool:
        """Whether a function that is being read is called again; once it is read anew, if with a key."""
        active = self.reader.active.count(body)
        keys = (value for value in given if isinstance(value, Symbol))
        return active > 1 or (active == 1 and not any(map(self._is_key, keys)))

    def _is_key(self, value: Symbol) -> bool:
        return is_one_key(value) or is_called_a_key(value) or self._is_used_as_key(value)

    def _handed(self, function: Function, args: list[Value]) -> None:
        del function
        for value in args:
            if isinstance(value, Instance):
                self.reader.changed(value.symbol)
            if isinstance(value, Instance | Symbol):
                self.reader.write(self.reader.place(value, "__mode__"), None)  # it may be switched

    def worth(self, function: Function) -> bool:
        """Whether reading a function can show anything about keys."""
        return self.reader.project.is_relevant(function.node)

    def bound(
        self,
        function: Function,
        args: list[Value],
        keywords: dict[str, Value],
        *,
        called: bool = False,
    ) -> Scope:
        """A scope with a function's parameters bound to the arguments of a call."""
        node = function.node
        scope = Scope(function.scope.unit, "function", function.name, function.scope)
        arguments = node.args
        positional = [parameter.arg for parameter in (*arguments.posonlyargs, *arguments.args)]
        remaining = dict(keywords)
        starred = next(
            (i for i, arg in enumerate(args) if isinstance(arg, Made) and arg.name == "starred"),
            None,
        )
        rest: list[Value] = []
        if starred is not None:
            source = args[starred]
            inner = source.args[0] if isinstance(source, Made) else source
            places = range(starred, len(positional))
            spread = [
                self.reader.table.symbol(Item, inner, self.reader.table.constant(i - starred))
                if isinstance(inner, Symbol)
                else self.reader.fresh("starred")
                for i in places
            ]
            args = (
                [*args[:starred], *spread]
                if len(args) == starred + 1
                else [*args[:starred], *(self.reader.fresh("starred") for _ in places)]
            )
        for index, value in enumerate(args):
            if index < len(positional):
                scope.names[positional[index]] = value
            else:
                rest.append(value)
        if arguments.vararg is not None:
            further = "*" + arguments.vararg.arg
            scope.names[further[1:]] = Sequence(rest) if called else self.parameter(node, further)
        open_ended = remaining.pop("**", None)
        for parameter in (*arguments.args, *arguments.kwonlyargs):
            if parameter.arg in remaining:
                scope.names[parameter.arg] = remaining.pop(parameter.arg)
        for name in (*positional, *(parameter.arg for parameter in arguments.kwonlyargs)):
            if name not in scope.names:
                default = function.defaults.get(name) if open_ended is None else None
                keys = self.reader.default_keys
                if called and isinstance(default, Symbol) and root_of(default) in keys:
                    self.reader.facts.defaulted.add((node, name))
                if default is None and called and open_ended is None:
                    default = self.reader.fresh(name)  # we do not see by which way it is given
                scope.names[name] = default if default is not None else self.parameter(node, name)
        if arguments.kwarg is not None:
            items: dict[Any, Value] = dict(remaining)
            scope.names[arguments.kwarg.arg] = Mapping(items, open_ended is None)
        return scope

    def parameter(self, node: ast.AST, name: str) -> Symbol:
        """The symbol of a parameter that is not known."""
        return self.reader.table.symbol(
            Parameter, node, name, tags=frozenset({("parameter", id(node))})
        )

    # Hooks for statements and expressions.

    def operated(self, node: ast.BinOp, left: Value, right: Value) -> Value:
        """What an operation of two unknown values is worth."""
        handler = table.OPERATORS.get(type(node.op).__name__)
        found = handler(self.reader, node, left, right) if handler is not None else None
        if found is not None:
            return found
        if isinstance(left, Symbol) and isinstance(right, Symbol):
            return self.reader.table.symbol(Operation, type(node.op).__name__, (left, right))
        return self.reader.fresh("binary", left, right)

    def module_named(self, name: str) -> Value:
        """What ``import name`` binds."""
        found = self.reader.project.module_value(name)
        return found if found is not None else Reference(canonical(name))

    def member(self, base: str, name: str) -> Value:
        """What ``from base import name`` binds."""
        found = self.reader.project.module_member(f"{base}.{name}")
        return found if found is not None else Reference(canonical(f"{base}.{name}"))

    def imported_all(self, base: str) -> None:
        """``from base import *``."""
        for name, value in self.reader.project.module_names(base).items():
            self.reader.scope.bind(name, value)

    def absolute(self, node: ast.ImportFrom) -> str:
        """The module that a `from` import names."""
        unit = self.reader.scope.unit
        return absolute(unit.name, node.level, node.module or "", is_package=unit.is_package)

    def iterations(self, node: ast.AST, kind: str, body: Callable[[int], Value]) -> Value:
        """Read the body of a loop that is a call: twice."""
        turns = 1 if self.reader.exhausted() or len(self.reader.frame.turns) >= 3 else 2
        result: Value = self.reader.fresh(kind)
        if kind not in ("map", "tree_map"):
            self.reader.traced.append(self.reader.site(node))
        for number in range(1, turns + 1):
            with self.reader.turn(
                Turn(node, number, kind, getattr(node, "lineno", 0), self.reader.graded)
            ):
                result = body(number)
        if kind not in ("map", "tree_map"):
            self.reader.traced.pop()
        return result


def _small(node: ast.AST) -> bool:
    body = getattr(node, "body", ())
    return not isinstance(body, list) or len(body) <= 4


def _is_formula(node: ast.AST) -> bool:
    """Whether a function only returns an expression."""
    body = getattr(node, "body", ())
    return not isinstance(body, list) or (isinstance(body[-1], ast.Return) and len(body) == 1)


def _is_key(value: Value) -> bool:
    """Whether a value is surely a key or a tree of keys."""
    return isinstance(value, Seed | Child | Stack | StreamKey | NamedKey | Leaf | Repeated)


def _elements(argument: Value) -> list[Symbol]:
    """An argument, or what is in it where it is a tuple or list: ``Thread(target, args=(key,))``."""
    parts = argument.items if isinstance(argument, Sequence) else [argument]
    return [part for part in parts if isinstance(part, Symbol)]


def _makes_object(name: str) -> bool:
    """Whether a call is of a class, by its name; ``STEPS[name]`` is a function of a table."""
    return name == "create" or (name[:1].isupper() and not name.endswith("]"))


def _is_abstract(node: ast.AST) -> bool:
    """Whether a function is there to be overridden: it says so, raises or has no body to speak of."""
    body = getattr(node, "body", ())
    if not isinstance(body, list):
        return False
    statements = [
        s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
    ]
    raises = [s for s in statements if isinstance(s, ast.Raise)]
    return all(isinstance(s, ast.Pass) for s in statements) or (
        len(raises) == 1
        and statements == raises
        and any(getattr(part, "id", "") == "NotImplementedError" for part in walk(raises[0]))
    )
