"""Reading the exercise's numbers from words of a command line, a file or standard input.

Text holds numbers separated by commas or white space, or a JSON list. NaN and infinite values are
numbers; JSON has no word for them, so there they are the strings "NaN", "Infinity", "-Infinity". A
finite number that float32 can't hold is refused: the model would compute with an infinite one.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO, TypeVar, cast

import numpy as np
import numpy.typing as npt

from keystream.errors import BadExerciseInputError

Vector = npt.NDArray[np.generic]
Content = TypeVar("Content")

_SUFFIXES = (".csv", ".json", ".npy")
_SEPARATOR = re.compile(r"\s*,\s*|\s+")
_MOST_SHOWN = 40  # characters of a value


def number(name: str, text: str) -> float:
    """The number that an option gives; an integer stays one, since a seed may have 64 bits.

    Args:
        name: the option as its value is called, such as ``dropout_seed``.
        text: what was given.

    Raises:
        BadExerciseInputError: KS010, the text is not a number.
    """
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    option = f"--{name.replace('_', '-')}"
    raise BadExerciseInputError(
        f"{name} is {text!r}, but must be a number",
        where=f"{option} {text}",
        why="the exercise's scalars are numbers; seeds and the flag are cast from them",
        fix=f"give a number: {option} 0",
    )


def vector(word: str) -> Vector:
    """The numbers that ``--x`` gives.

    Args:
        word: numbers, a JSON list, the path of a file, or ``-`` for standard input.

    Returns:
        The numbers, float64 unless a ``.npy`` file has another dtype than one of integers; their
        shape is not checked.

    Raises:
        BadExerciseInputError: KS010, the file can't be read or holds something else.
    """
    if word == "-":
        return _from_text(_text_of_stdin(), "--x -")
    path = Path(word)
    if path.suffix.lower() in _SUFFIXES:
        return _from_file(path)
    return _from_text(word, "--x")


def for_json(values: npt.ArrayLike) -> list[float | str]:
    """Numbers as JSON can hold them, each to its last bit."""
    return [number_for_json(value) for value in np.asarray(values, np.float64).tolist()]


def number_for_json(value: float) -> float | str:
    """A number itself, or the string that stands for it in JSON."""
    if isinstance(value, int) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _text_of_stdin() -> str:
    stdin = cast("TextIO | None", sys.stdin)  # None where the process was started with it closed
    if stdin is None:
        raise _bad("standard input can't be read: it is closed", "--x -")
    try:
        return stdin.read().removeprefix("\ufeff")  # some shells put a byte order mark into a pipe
    except (OSError, ValueError) as error:
        raise _bad(f"standard input can't be read: {error}", "--x -") from error


def _from_file(path: Path) -> Vector:
    where = f"--x {path}"
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return _held_by_float32(_read(path, _load), where)
    text = _read(path, lambda path: path.read_text(encoding="utf-8-sig"))
    return _from_csv(text, where) if suffix == ".csv" else _from_json(text, where)


def _read(path: Path, load: Callable[[Path], Content]) -> Content:
    try:
        return load(path)
    except FileNotFoundError as error:
        raise _bad(f"there is no file {str(path)!r}", f"--x {path}") from error
    except (OSError, ValueError, EOFError, MemoryError) as error:
        reason = str(error).partition("\n")[0]
        raise _bad(f"{str(path)!r} can't be read: {reason}", f"--x {path}") from error


def _load(path: Path) -> Vector:
    try:
        loaded: object = np.load(path, allow_pickle=False)
    except ValueError as error:
        if "allow_pickle" in str(error):  # NumPy would say how to run what such a file holds
            raise ValueError("it holds pickled objects, which the command never loads") from error
        raise
    if not isinstance(loaded, np.ndarray):
        raise ValueError("it is an archive of several arrays (.npz)")
    array = cast("Vector", loaded)
    if array.dtype.kind == "c":
        raise ValueError(f"it holds {array.dtype} values, and the command takes real numbers")
    # JAX would wrap integers beyond its 32 bits.
    return array.astype(np.float64) if array.dtype.kind in "iu" else array


def _from_csv(text: str, where: str) -> Vector:
    """One row or one column, after at most one line of names."""
    try:
        rows = [row for row in csv.reader(text.splitlines()) if row]
    except csv.Error as error:
        raise _bad(f"the text is not CSV: {error}", where) from error
    if len(rows) > 1 and not any(_float(field) is not None for field in rows[0]):
        rows = rows[1:]
    if len(rows) > 1 and max(map(len, rows)) > 1:
        widest = max(map(len, rows))
        raise _bad(
            f"x has {len(rows)} rows of up to {widest} fields, but must have one axis", where
        )
    return _numbers([field for row in rows for field in row], where)


def _from_text(text: str, where: str) -> Vector:
    text = text.strip()
    if text.startswith("["):
        return _from_json(text, where)
    return _numbers(_SEPARATOR.split(text) if text else [], where)


def _from_json(text: str, where: str) -> Vector:
    try:
        # Numbers stay text: 1e400 would come back as inf, as if it had been written so.
        values: object = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise _bad(f"the text is not JSON: {error}", where) from error
    if not isinstance(values, list):
        raise _bad("the JSON is not a list", where)
    return _numbers(cast("list[object]", values), where)


def _numbers(values: Sequence[object], where: str) -> Vector:
    floats = [_entry(i, value, where) for i, value in enumerate(values)]
    return _held_by_float32(np.array(floats, np.float64), where)


def _entry(index: int, value: object, where: str) -> float:
    number = _float(value) if isinstance(value, str | float) else None
    if number is None:
        raise _bad(f"x[{index}] is {_shown(value)}, but must be a number", where)
    if math.isinf(number) and isinstance(value, str) and "inf" not in value.lower():
        raise _beyond(index, value, where)
    return number


def _shown(value: object) -> str:
    if isinstance(value, str):
        return _short(repr(value))
    return "a list" if isinstance(value, list) else _short(json.dumps(value))


def _float(value: str | float) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _held_by_float32(numbers: Vector, where: str) -> Vector:
    if numbers.dtype != np.float64:
        return numbers
    with np.errstate(over="ignore"):
        lost = np.isinf(numbers.astype(np.float32)) & np.isfinite(numbers)
    for index in np.flatnonzero(lost)[:1]:
        raise _beyond(index, str(numbers.ravel()[index]), where)
    return numbers


def _beyond(index: int, shown: str, where: str) -> BadExerciseInputError:
    return _bad(f"x[{index}] is {_short(shown)}, but must be in the range of float32", where)


def _short(shown: str) -> str:
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[: _MOST_SHOWN - 3]}..."


def _bad(what: str, where: str) -> BadExerciseInputError:
    return BadExerciseInputError(
        what,
        where=where,
        why="the model computes with x, a vector of numbers",
        fix="give numbers (--x 1,2,3,4), a .npy, .json or .csv file, or - for standard input",
    )
