"""Randomness and clocks of the host: frozen under ``jit``, different in every run as seeds."""

from __future__ import annotations

import ast

from keystream._lint.calls import Calls
from keystream._lint.names import HOST_EXACT, HOST_PREFIXES, is_host_random
from keystream._lint.registry import LIBRARY, PREFIXES, Call, handles, handles_method
from keystream._lint.values import Symbol, Value, constant_of


def _host(reader: Calls, call: Call) -> Value | None:
    if not is_host_random(call.name):
        if call.name in ("numpy.random.seed", "random.seed"):
            reader.fact("host_seeded", call.node)
        if call.name in ("numpy.random.default_rng", "numpy.random.RandomState", "random.Random"):
            return _generator(reader, call)
        return None
    _baked(reader, call, call.name)
    return host_value(reader, call.name)


def _baked(reader: Calls, call: Call, name: str) -> None:
    around = reader.jitted or reader.traced
    if around:
        reader.fact(
            "host_in_jit", call.node, name=name, around=around[-1], compiled=bool(reader.jitted)
        )


@handles_method(
    "normal",
    "uniform",
    "random",
    "integers",
    "choice",
    "permutation",
    "shuffle",
    "standard_normal",
    "randn",
    "rand",
    "randint",
    "binomial",
    "poisson",
    "exponential",
    "gauss",
)
def _of_generator(reader: Calls, call: Call) -> Value | None:
    owner = call.owner
    if not (isinstance(owner, Symbol) and owner.op == "generator"):
        return None
    _baked(reader, call, f"numpy.random.Generator.{call.name}")
    return (
        host_value(reader, str(owner.args[0]))
        if constant_of(owner.args[1], 0) is False
        else reader.fresh("drawn")
    )


def host_value(reader: Calls, name: str) -> Symbol:
    """A value that is another in every run."""
    return reader.table.symbol("host", name, reader.fresh(name))


def _generator(reader: Calls, call: Call) -> Value:
    seeded = (
        bool(call.args or call.keywords) and constant_of(call.argument(0, "seed"), 0) is not None
    )
    return reader.table.symbol(
        "generator", call.name, reader.table.constant(seeded), reader.fresh("generator")
    )


for _prefix in HOST_PREFIXES:
    PREFIXES.append((_prefix, _host))
for _name in HOST_EXACT:
    LIBRARY[_name] = _host


@handles("builtins.print")
def _print(reader: Calls, call: Call) -> Value:
    """What is printed can be looked up and given again."""
    _printed(reader, call)
    return reader.table.constant(None)


@handles_method("info", "debug", "warning", "log", "log_param", "log_params", "log_text")
def _log(reader: Calls, call: Call) -> Value | None:
    _printed(reader, call)
    return None


def _printed(reader: Calls, call: Call) -> None:
    node = call.node
    if not isinstance(node, ast.Call):
        return
    for value in (*node.args, *(keyword.value for keyword in node.keywords)):
        parts = value.values if isinstance(value, ast.JoinedStr) else [value]
        for part in parts:
            shown = part.value if isinstance(part, ast.FormattedValue) else part
            if isinstance(shown, ast.Name):
                reader.facts.printed.add(shown.id)


@handles("builtins.hash")
def _hash(reader: Calls, call: Call) -> Value | None:
    value = call.argument(0)
    if isinstance(value, Symbol) and stringlike(value):
        return reader.table.symbol("host", "hash", value)
    return None


@handles("builtins.id")
def _id(reader: Calls, call: Call) -> Value | None:
    return reader.table.symbol("host", "id", reader.fresh("id"))


def stringlike(value: Symbol) -> bool:
    """Whether a value is text, whose hash Python salts."""
    if value.op == "const":
        return isinstance(value.args[0], str | bytes)
    if value.op == "string":
        return True
    if value.op == "call" and value.args[0] in ("builtins.str", "builtins.repr"):
        return True
    if value.op in ("parameter", "attr") and isinstance(value.args[1], str):
        name = value.args[1].lower()
        return name in ("name", "path", "text", "label", "word", "token", "title") or name.endswith(
            ("_name", "_path", "__name__", "name")
        )
    return False


def host_part(value: Value | None, depth: int = 0) -> Symbol | None:
    """The part of a value that is another in every run."""
    if not isinstance(value, Symbol) or depth > 12:
        return None
    if value.op == "host":
        return value
    if value.op in (
        "index",
        "slice",
        "attr",
        "call",
        "method",
        "Add",
        "Sub",
        "Mult",
        "Mod",
        "FloorDiv",
        "Div",
        "BitAnd",
        "BitXor",
        "BitOr",
        "USub",
        "RShift",
        "LShift",
        "elem",
        "join",
    ):
        for part in value.args:
            found = host_part(part, depth + 1) if isinstance(part, Symbol) else None
            if found is not None:
                return found
    return None
