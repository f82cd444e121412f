"""Options of the command line: unknown values, whose defaults are in the source all the same."""

from __future__ import annotations

import re

from keystream._lint.calls import Calls
from keystream._lint.registry import Call, handles, handles_method
from keystream._lint.values import Reference, Symbol, Value, constant_of, is_constant

_MODES = re.compile(r"drop|determin|train|eval|infer|noise|noisy|stochastic", re.IGNORECASE)


@handles("argparse.ArgumentParser")
def _parser(reader: Calls, call: Call) -> Value:
    return reader.table.symbol("parser", reader.fresh("parser"))


@handles_method("add_argument_group", "add_mutually_exclusive_group")
def _group(reader: Calls, call: Call) -> Value | None:
    return call.owner if _is_parser(call.owner) else None


@handles_method("add_argument")
def _argument(reader: Calls, call: Call) -> Value | None:
    if not _is_parser(call.owner) or call.owner is None:
        return None
    names = [name for arg in call.args if isinstance(name := constant_of(arg), str)]
    long = next((name for name in names if name.startswith("--")), names[0] if names else "")
    said = constant_of(call.keywords.get("dest"), long)
    name = str(said).lstrip("-").replace("-", "_")
    default = call.keywords.get("default")
    kind = call.keywords.get("type")
    if isinstance(kind, Reference) and kind.name == "builtins.bool" and _MODES.search(name):
        reader.fact("flag_of_text", call.node, option=long)
    if not name or not is_constant(default):
        return reader.table.constant(None)
    option = reader.table.symbol("option", call.owner, name, constant_of(default))
    reader.store(call.owner, name, option)
    return reader.table.constant(None)


@handles_method("parse_args", "parse_known_args")
def _parse(reader: Calls, call: Call) -> Value | None:
    if _is_parser(call.owner) and call.name == "parse_args":
        return call.owner  # its attributes are the options
    return None


def _is_parser(value: Value | None) -> bool:
    return isinstance(value, Symbol) and value.op == "parser"
