"""What the words of ``keystream plan`` name: the function, and the arguments of its call."""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keystream._cli.usage import UsageError, file_meant
from keystream._suggestions import did_you_mean

WHY_ARGUMENTS = "a plan is of one call, and needs arguments of its shapes"
_REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_DTYPES = (
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128", "bool"),
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
)
_ARRAY = re.compile(r"^(?P<dtype>[a-z]+\d*)\[(?P<shape>[\d,\s]*)\]$")
_OBJECT = re.compile(r"^[\w./-]+:[\w.]+$")
_NAMED = re.compile(r"^(?P<name>[A-Za-z_]\w*)=(?P<value>.*)$", re.DOTALL)
_SHORT = {"f": "float", "bf": "bfloat", "i": "int", "u": "uint", "c": "complex"}


def check_call(
    function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], given: argparse.Namespace
) -> None:
    """Refuse arguments that are missing, or that the function does not take, by their names."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # of a function without a signature, tracing says what it takes
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        try:
            bound = signature.bind_partial(*args, **kwargs).arguments
        except TypeError:
            raise _not_taken(function, args, kwargs, given.function) from None
        module, _, _ = given.function.partition(":")
        missing = [
            name
            for name, each in signature.parameters.items()
            if name not in bound and each.default is each.empty and each.kind not in _REST
        ]
        words = [f"--arg {shlex.quote(word)}" for word in given.arg]
        words += [f"--arg {shlex.quote(f'{name}={_likely(name, module)}')}" for name in missing]
        raise UsageError(
            f"{given.function} also takes {listed(missing)}",
            why=WHY_ARGUMENTS,
            fix=f"with your own shapes and objects: keystream plan {given.function} {' '.join(words)}",
        ) from None


def _not_taken(
    function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], name: str
) -> UsageError:
    """The error for an argument that the function has no place for."""
    takes = parameters(function)
    unknown = [each for each in kwargs if each not in takes]
    twice = [each for each in takes[: len(args)] if each in kwargs]
    what = f"{name} takes {listed(takes) or 'no argument'}"
    if unknown:
        said = f"{name} has no parameter {unknown[0]!r}"
        return UsageError(said, why=what, fix=did_you_mean(unknown[0], takes, "leave it out"))
    if twice:
        said = f"{twice[0]!r} of {name} is given twice, by its place and by its name"
        return UsageError(said, why=what, fix="give it once")
    said = f"{name} is given more arguments than it takes, {len(args) + len(kwargs)}"
    return UsageError(said, why=what, fix="give one --arg for each of them")


def _likely(name: str, module: str) -> str:
    """What a parameter of this name may be, as an argument is written."""
    if re.search(r"(^|_)(key|rng)$", name):
        return "key"
    found = vars(sys.modules[Path(module).stem if module.endswith(".py") else module])
    made = [each for each in found if re.search(rf"(^|_){name}(_|$)", each)]
    return f"{module}:{made[0]}" if made else "float32[8,16]"


def parameters(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def listed(names: list[str]) -> str:
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last


def read_arguments(words: list[str]) -> tuple[list[Any], dict[str, Any]]:
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
        found = read_object(text)
        return found() if isinstance(found, Callable) and not isinstance(found, type) else found
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise UsageError(
            f"{text!r} can't be read as an argument",
            why="an argument is key, an array such as float32[8,16], an object as module:name, a "
            "number, True, False, None or a quoted text",
            fix="--arg 'float32[8,16]', --arg key, --arg train:params or --arg rate=0.5",
        ) from None


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
        raise UsageError(
            f"{text!r} has a dtype, {dtype!r}, that neither NumPy nor JAX knows",
            why="an array is written as its dtype and its shape",
            fix=did_you_mean(dtype, _DTYPES, "--arg 'float32[8,16]' or --arg 'f32[8,16]'"),
        ) from None


def _shape(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part.strip())


def read_object(text: str) -> Any:
    """An object of a module, given as ``module:name`` or ``file.py:name``."""
    module, _, name = text.partition(":")
    given = module
    if module.endswith(".py"):
        path = Path(module)
        sys.path.insert(0, str(path.resolve().parent))
        module = path.stem
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0] and error.name != module:
            raise  # the module is there; something that it imports is not
        meant = file_meant(given, "train.py", (".py",))
        raise UsageError(
            f"there is no module {module!r}",
            why="a plan is of a function of a module",
            fix=f"keystream plan {meant}:{name or 'step'}",
        ) from None
    if not name:
        raise UsageError(
            f"{text!r} names a module, and no function of it",
            why=f"a plan is of one function; {_functions_of(found)}",
            fix=example(text),
        )
    try:
        for part in name.split("."):
            found = getattr(found, part)
    except AttributeError:
        owner = sys.modules[module]
        raise UsageError(
            f"module {module!r} has no {name!r}",
            why=f"a plan is of one function; {_functions_of(owner)}",
            fix=did_you_mean(name, _functions(owner), example(given)),
        ) from None
    return found


def _functions(module: Any) -> list[str]:
    """The functions that a module defines itself, public ones."""
    return [
        name
        for name, each in vars(module).items()
        if callable(each)
        and not isinstance(each, type)
        and not name.startswith("_")
        and getattr(each, "__module__", None) == module.__name__
    ]


def _functions_of(module: Any) -> str:
    names = _functions(module)
    return f"{module.__name__} has {listed(names)}" if names else f"{module.__name__} has none"


def example(module: str) -> str:
    """The command with a function of the module that was named."""
    stem = module.removesuffix(".py")
    found = sys.modules.get(Path(module).stem if module.endswith(".py") else stem)
    names = _functions(found) if found is not None else []
    name = next((each for each in names if "step" in each), names[0] if names else "step")
    return f"keystream plan {module}:{name} --arg VALUE ..."
