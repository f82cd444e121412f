"""Models whose class source does not show: ``apply`` is judged by the call alone.

What can be told of one: it is switched to draw by its flag and given no streams; it is given a stream of
dropout and switched off under a gradient; a flag is wired to its own opposite.
"""

from __future__ import annotations

import ast
import difflib
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from keystream._lint.dataflow import is_read_after, loads_in
from keystream._lint.facts import Key
from keystream._lint.libraries.call import Call
from keystream._lint.modes import OFF, check_flag, is_off
from keystream._lint.symbols import (
    Attribute,
    Child,
    Element,
    Lane,
    NamedKey,
    Opaque,
    Parameter,
    Seed,
    Stack,
    StreamKey,
    Symbol,
    Value,
)
from keystream._lint.values import Instance, Made, Mapping, constant_of

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_KEY_NAME = re.compile(r"(?:^|_)(?:key|rng|prng|prngkey|subkey)\d*$", re.IGNORECASE)
_KEY_TYPE = re.compile(r"\b(?:\w*PRNGKey\w*|KeyArray\w*|RNGKey|Key)\b")
_STREAMS = frozenset(["rngs", "split_rngs"])  # keywords whose value is by the names of streams


def check_apply(reader: Reader, call: Call) -> None:
    """Note what is wrong with a call of ``apply`` on a model that is not known."""
    if isinstance(call.owner, Instance | Made) or "**" in call.keywords:
        return
    flags = {name: constant_of(call.keywords.get(name)) for name in OFF}
    off = is_off(call.keywords)
    on = any(value is (not OFF[name]) for name, value in flags.items())
    rngs = call.keywords.get("rngs")
    if rngs is None and "rng" not in call.keywords:
        if not off and call.surely:
            note_without_rngs(reader, call, drops=flags["deterministic"] is False, on=on)
    elif _may_hold_dropout(rngs) and off and not on and reader.graded:
        reader.fact("off_in_training", call.node, layer=call.name, made=None)


def note_without_rngs(reader: Reader, call: Call, *, drops: bool, on: bool) -> None:
    """Note a call of ``apply`` without streams; `on` where a flag says that the model trains."""
    reader.fact("apply_without_rngs", call.node, drops=drops, trains=on or bool(reader.graded))


def _may_hold_dropout(rngs: Value | None) -> bool:
    """Whether streams that are given may serve dropout: they name it, or are not seen."""
    if isinstance(rngs, Mapping):
        return "dropout" in rngs.items or not rngs.complete
    return rngs is not None and constant_of(rngs, rngs) is not None


def check_flags(reader: Reader, node: ast.Call) -> None:
    """Note keywords of any call that say it all: a flag wired to its opposite, a misspelt stream."""
    for keyword in node.keywords:
        if keyword.arg in _STREAMS and isinstance(keyword.value, ast.Dict):
            names = [key.value for key in keyword.value.keys if isinstance(key, ast.Constant)]
            _note_suspects(reader, [name for name in names if isinstance(name, str)], keyword.value)
        if keyword.arg in OFF:
            check_flag(reader, node, keyword.arg, keyword.value)


def note_unread(reader: Reader, name: str, value: Value, around: ast.AST, place: ast.AST) -> None:
    """Note a name for one key that nothing in its function reads.

    A name that is bound to what is made of the key under that name, as in ``key = fold_in(key, 1)``, is
    read by that statement and has to be read once more. What a chain of splits leaves over has not.
    """
    statement = reader.frame.statement
    if name.startswith("_") or reader.hushed or statement is None:
        return
    if not is_one_key(value) and not (isinstance(value, Opaque) and is_name_of_key(name)):
        return
    derived = isinstance(statement, ast.Assign) and place in statement.targets
    repeated = bool(reader.frame.turns)
    if name not in loads_in(around) or (
        derived and not is_read_after(name, statement, around, repeated=repeated)
    ):
        key = Key(name, reader.site(place), around, made=is_one_key(value))
        reader.facts.unread_keys.append(key)


def note_unread_parameters(reader: Reader, node: ast.AST) -> None:
    """Note the parameters of a function that are keys by name or type, and that nothing reads."""
    arguments = getattr(node, "args", None)
    if reader.hushed or not isinstance(arguments, ast.arguments):
        return
    for parameter in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        name = parameter.arg
        if is_name_of_key(name) and not name.startswith("_") and name not in loads_in(node):
            site = reader.site(parameter)
            reader.facts.unread_keys.append(Key(name, site, node, made=False))


def is_one_key(value: Value | None) -> bool:
    """Whether a value is surely one key, or the keys of one batch, by how it was made."""
    if isinstance(value, Lane | Element):
        return is_one_key(value.parent)
    return isinstance(value, Seed | Child | StreamKey | NamedKey | Stack)


def is_called_a_key(value: Symbol) -> bool:
    """Whether a parameter or attribute is a key by its annotation or its name.

    A name is no proof of a mistake: it says which argument an unknown function may draw from.
    """
    if isinstance(value, Lane):  # of a batch, whose name may be a plural
        several = value.batch
        return isinstance(several, Parameter | Attribute) and is_name_of_key(
            several.name.removesuffix("s")
        )
    if not isinstance(value, Parameter | Attribute):
        return False
    arguments = getattr(value.function, "args", None) if isinstance(value, Parameter) else None
    if isinstance(arguments, ast.arguments):
        for parameter in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if parameter.arg == value.name and parameter.annotation is not None:
                annotated = ast.unparse(parameter.annotation)
                if annotated in ("str", "int", "float", "bool"):
                    return False  # a key of a dictionary, say
                if _KEY_TYPE.search(annotated):
                    return True
    return is_name_of_key(value.name)


@lru_cache(maxsize=4096)
def is_name_of_key(name: str) -> bool:
    """Whether a name is one that people give to keys."""
    return bool(_KEY_NAME.search(name))


def check_streams(reader: Reader, items: Mapping, node: ast.AST) -> None:
    """Note a name in a display of keys by stream that is nearly ``dropout`` or ``params``."""
    keys = items.items.values()
    if all(isinstance(k, Symbol) and (is_one_key(k) or is_called_a_key(k)) for k in keys):
        _note_suspects(reader, [name for name in items.items if isinstance(name, str)], node)


def _note_suspects(reader: Reader, names: list[str], node: ast.AST) -> None:
    for name in names:
        for stream in ("dropout", "params"):
            # 0.85: one letter of seven that is wrong, doubled or missing
            near = difflib.SequenceMatcher(None, name.lower(), stream).ratio() > 0.85
            if near and stream not in names and name not in ("dropout", "params", "param"):
                reader.fact("suspect_stream", node, given=name, stream=stream)
