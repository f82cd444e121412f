"""Options of the command line: unknown values, whose defaults are in the source all the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call
from keystream._lint.symbols import Option, Parser, Value
from keystream._lint.values import Reference, constant_of, is_constant

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_MODES = re.compile(r"drop|determin|train|eval|infer|noise|noisy|stochastic", re.IGNORECASE)


def parser(reader: Reader, call: Call) -> Value:
    """``argparse.ArgumentParser()``."""
    del call
    return reader.table.symbol(Parser, reader.fresh("parser"))


def group(reader: Reader, call: Call) -> Value | None:
    """``parser.add_argument_group()``."""
    del reader
    return call.owner if _is_parser(call.owner) else None


def add_argument(reader: Reader, call: Call) -> Value | None:
    """``parser.add_argument("--seed", default=0)``."""
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
    option = reader.table.symbol(Option, call.owner, name, constant_of(default))
    reader.store(call.owner, name, option)
    return reader.table.constant(None)


def parse_args(reader: Reader, call: Call) -> Value | None:
    """``parser.parse_args()``: the attributes of what it returns are the options."""
    del reader
    return call.owner if _is_parser(call.owner) else None


def _is_parser(value: Value | None) -> bool:
    return isinstance(value, Parser)
