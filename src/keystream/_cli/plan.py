"""``keystream plan``: every draw that a function of a module will make."""

from __future__ import annotations

import argparse
import ast
import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keystream._cli.output_file import Output
from keystream._cli.usage import UsageError
from keystream.errors import KeystreamError

_EXAMPLE = "keystream plan train:step --arg train:params --arg 'float32[32,784]' --arg key"
_HELP_ARG = """an argument of the call, by position, or by name as name=...: key or key[4] for keys,
float32[8,16] for an array, module:name for an object of a module (called, where it is a function),
or a number, True, False, None or a quoted text"""
_ARRAY = re.compile(r"^(?P<dtype>[a-z]+\d*)\[(?P<shape>[\d,\s]*)\]$")
_OBJECT = re.compile(r"^[\w./-]+:[\w.]+$")
_NAMED = re.compile(r"^(?P<name>[A-Za-z_]\w*)=(?P<value>.*)$", re.DOTALL)
_SHORT = {"f": "float", "bf": "bfloat", "i": "int", "u": "uint", "c": "complex"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = f"example:\n  {_EXAMPLE}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "function", metavar="module:function", help="train:step, package.module:f, or train.py:step"
    )
    parser.add_argument("--arg", action="append", default=[], metavar="VALUE", help=_HELP_ARG)
    parser.add_argument(
        "--format", choices=("text", "json", "html"), default="text", help="(default: text)"
    )
    parser.add_argument("--output", metavar="FILE", help="write there, not to standard output")


def run(arguments: argparse.Namespace) -> int:
    """Trace the function, print its plan, and return 1 where that shows a mistake.

    Raises:
        UsageError: the function or an argument can't be read, or the function not be traced.
    """
    from keystream._planning import plan

    output = Output(arguments.output)
    sys.path.insert(0, str(Path.cwd()))
    function = _object(arguments.function)
    if not callable(function):
        raise _refused(f"{arguments.function!r} is not a function", "only functions draw")
    args, kwargs = _arguments(arguments.arg)
    try:
        made = plan(function, *args, **kwargs)
    except KeystreamError:
        raise
    except Exception as error:  # the function's own, or JAX's for what does not fit
        said = str(error).strip().partition("\n")[0]
        raise _refused(
            f"{arguments.function} can't be traced with these arguments: "
            f"{type(error).__name__}: {said}",
            "a plan is of one call, and needs arguments of its shapes",
        ) from error
    text = {"text": made.__str__, "json": made.to_json, "html": made.to_html}[arguments.format]()
    output.put(f"{text}\n")
    return int(any(finding.counts for finding in made.findings()))


def _arguments(words: list[str]) -> tuple[list[Any], dict[str, Any]]:
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for word in words:
        named = _NAMED.match(word)
        if named is not None:
            kwargs[named["name"]] = _value(named["value"])
        else:
            args.append(_value(word))
    return args, kwargs


def _value(text: str) -> Any:
    array = _ARRAY.match(text)
    if text == "key" or (array is not None and array["dtype"] == "key"):
        return _keys(array["shape"] if array is not None else "")
    if array is not None:
        return _array(array["dtype"], array["shape"], text)
    if _OBJECT.match(text):
        found = _object(text)
        return found() if isinstance(found, Callable) and not isinstance(found, type) else found
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise _refused(f"{text!r} is no argument", "it is neither an array nor an object") from None


def _keys(shape: str) -> Any:
    import jax

    key = jax.random.key(0)
    return jax.random.split(key, _shape(shape)) if shape.strip() else key


def _array(dtype: str, shape: str, text: str) -> Any:
    import jax
    import numpy as np

    short = re.match(r"^(f|bf|i|u|c)(\d+)$", dtype)
    name = f"{_SHORT[short[1]]}{short[2]}" if short is not None else dtype
    try:
        return jax.ShapeDtypeStruct(_shape(shape), np.dtype(name))
    except TypeError:
        raise _refused(
            f"{text!r} has no dtype that NumPy or JAX knows", "arrays have one"
        ) from None


def _shape(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part.strip())


def _object(text: str) -> Any:
    """An object of a module, given as ``module:name`` or ``file.py:name``."""
    module, _, name = text.partition(":")
    if not name:
        raise _refused(f"{text!r} names no function", "it is read as module:function")
    if module.endswith(".py"):
        path = Path(module)
        sys.path.insert(0, str(path.resolve().parent))
        module = path.stem
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0] and error.name != module:
            raise  # the module is there; something that it imports is not
        raise _refused(f"there is no module {module!r}", "a plan traces a function of it") from None
    except AttributeError:
        raise _refused(f"module {module!r} has no {name!r}", "a plan traces a function") from None
    return found


def _refused(what: str, why: str) -> UsageError:
    return UsageError(what, why=why, fix=_EXAMPLE)
