"""Methods that take their object a step further with a key that no step changes.

``self.state = self.state.replace(params=...)`` draws from ``self.state.rng`` and keeps it: the next call
draws alike, wherever it stands. Each is judged by itself, read once and without its callers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._evidence.objects import Role, role_in_method
from keystream._lint.dataflow import last_of
from keystream._lint.facts import Fact, Use
from keystream._lint.objects import INITIALISERS, REPLACES
from keystream._lint.symbols import Attribute, Child, Constant, Parameter, Seed, StreamKey, Symbol
from keystream._lint.values import Function, Instance, root_of
from keystream._lint.walking import kept, walk

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_ANY = "**"
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


def check_steps(reader: Reader, method: Function, own: Instance) -> None:
    """Note the first draw of a method that was just read whose key is the same in its next call."""
    node = method.node
    for use in _drawn(reader):
        if _is_made_anew(reader, use.key) or not _stays(reader, use.key, own):
            continue
        if _is_moved(reader, use.key, own):
            continue
        if not isinstance(node, ast.FunctionDef) or not _may_be_a_step(reader, node, own):
            return
        inside = tuple(site.location() for site in reversed(use.chain))
        if role_in_method(node, inside) is Role.STEP:
            data = {"method": method, "use": use, "origins": reader.origins(use.key)}
            reader.facts.facts.append(Fact("step_alike", use.chain[-1], use.chain, data))
            return


def _drawn(reader: Reader) -> Iterator[Use]:
    """The draws of the function that was just read, but for those in loops."""
    for uses in reader.uses.values():
        for use in uses:
            if use.kind == "draw" and not any(site.turns for site in use.chain):
                yield use


def _may_be_a_step(reader: Reader, node: ast.FunctionDef, own: Instance) -> bool:
    """Whether a method goes on with its object, is no part of what makes it, and runs no steps."""
    makers = [each for each in _methods(own.cls.node) if each.name in INITIALISERS]
    called = {
        last_of(part.func) for each in makers for part in walk(each) if isinstance(part, ast.Call)
    }
    if node in makers or node.name in called or _has_turns(node):
        return False
    return _goes_on(reader, own)


def _goes_on(reader: Reader, own: Instance) -> bool:
    """Whether a method that was just read sets what its object was made with; else it may make it."""
    made = {*reader.objects.initial(own), *reader.objects.all_fields(own.cls)}
    return any(reader.load(own.symbol, name) is not None for name in made)


def _methods(cls: ast.ClassDef) -> list[ast.FunctionDef]:
    return [each for each in cls.body if isinstance(each, ast.FunctionDef)]


def _has_turns(node: ast.FunctionDef) -> bool:
    """Whether a loop of a method sets attributes of the object, or calls its methods."""
    own = node.args.args[0].arg if node.args.args else ""
    for loop in walk(node):
        for part in walk(loop) if isinstance(loop, _LOOPS) else ():
            target = part.func if isinstance(part, ast.Call) else part
            match target:
                case ast.Attribute(value=ast.Name(id=name), ctx=context) if name == own:
                    if isinstance(part, ast.Call) or isinstance(context, ast.Store):
                        return True
                case _:
                    pass
    return False


def _is_made_anew(reader: Reader, key: Symbol) -> bool:
    """Whether the call makes a key of a literal: it begins at the same numbers, and says so."""
    root = root_of(key)
    return isinstance(root, Seed) and isinstance(root.number, Constant) and root in reader.routes


def _stays(reader: Reader, value: Symbol, own: Instance) -> bool:
    """Whether what a value was before the call, it is after it."""
    match value:
        case Constant():
            return True
        case Parameter(function, _):
            return getattr(function, "name", "") in INITIALISERS
        case Attribute(owner, name) if owner is own.symbol:
            now = reader.load(owner, name)
            return now is None or now is value
        case Attribute(Symbol() as owner, name):
            now = _now(reader, owner, own)
            return now is not None and _named(reader, now, name) is value
        case Seed() | Child() | StreamKey():
            return all(_stays(reader, each, own) for each in value.args if isinstance(each, Symbol))
        case _:
            return False


def _now(reader: Reader, value: Symbol, own: Instance) -> Symbol | None:
    """What an attribute is after the call: that of the object itself, or one of it."""
    if not isinstance(value, Attribute) or not isinstance(value.owner, Symbol):
        return None
    if value.owner is own.symbol:
        now = reader.load(value.owner, value.name)
        return now if isinstance(now, Symbol) else value if now is None else None
    owner = _now(reader, value.owner, own)
    return _named(reader, owner, value.name) if owner is not None else None


def _named(reader: Reader, owner: Symbol, name: str) -> Symbol | None:
    found = reader.expressions.attribute_of(owner, name, ast.Pass())
    return found if isinstance(found, Symbol) else None


# Whoever else may give the object its next key.


def _is_moved(reader: Reader, key: Symbol, own: Instance) -> bool:
    """Whether anything in the file sets an attribute by a name that the key is kept under."""
    names = _names(reader, key, own) | {_ANY}
    return not names.isdisjoint(_set_in(reader.frames[0].scope.unit.tree))


def _names(reader: Reader, key: Symbol, own: Instance) -> set[str]:
    """The attributes through which a key is reached; `self.state`, which the step sets, is none."""
    initial = reader.objects.initial(own)
    lineage = [key]
    for each in lineage:  # it grows while it is read
        lineage += [part for part in each.args if isinstance(part, Symbol)]
    names = {each.name for each in lineage if isinstance(each, Attribute)}
    names |= {name for name, value in initial.items() if value in lineage}
    return {name for name in names if reader.load(own.symbol, name) is None}


@kept
def _set_in(tree: ast.AST) -> frozenset[str]:
    """The names under which something is put into an object after it was made."""
    found = set[str]()
    makers = {id(part) for each in walk(tree) if _makes(each) for part in walk(each)}
    for part in walk(tree):
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
            found |= {part.attr} if id(part) not in makers else set()
        elif isinstance(part, ast.Call) and last_of(part.func) in REPLACES:
            found |= {keyword.arg or _ANY for keyword in part.keywords}
        elif isinstance(part, ast.Call) and last_of(part.func) in ("tree_at", "setattr"):
            found |= {each.attr for each in walk(part) if isinstance(each, ast.Attribute)}
    return frozenset(found)


def _makes(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name in INITIALISERS
