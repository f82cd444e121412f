"""Whose line an equation stands on: the user's frames, the library's, and the sampler called."""

from __future__ import annotations

import os
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from keystream._findings import Location

Frames = tuple[tuple[CodeType, int], ...]

_HERE = str(Path(__file__).resolve().parent.parent) + os.sep
_DOOR = _HERE + "_jax_door.py"
_OUR_PROGRAMS = _HERE + "_demo" + os.sep  # audited as a user's, wherever they are installed
_PYTHON = tuple(
    str(Path(sysconfig.get_path(name)).resolve()) + os.sep for name in ("stdlib", "platstdlib")
)
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
INTERACTIVE = ("<stdin>", "<ipython-input", "<doctest", "<cell")
_JAX = f"{os.sep}jax{os.sep}_src{os.sep}"
_SAMPLERS = (f"{_JAX}random.py", f"{_JAX}random{os.sep}core.py")
_TRACING = f"{_JAX}interpreters{os.sep}partial_eval.py"


def frames_of(equation: Any) -> Frames:
    """The frames of an equation inside the jaxpr it stands in, innermost first.

    A jaxpr that is traced once is used again by other callers: frames beyond the place where its
    tracing began are those of whoever came first. They end there; the call's own follow. What an
    audit's door puts between JAX's frames is left out.
    """
    traceback = equation.source_info.traceback
    if traceback is None:
        return ()
    codes, instructions = traceback.raw_frames()
    found: list[tuple[CodeType, int]] = []
    for code, instruction in zip(codes, instructions, strict=True):
        if code.co_filename.endswith(_TRACING) and code.co_name.startswith("trace_to_jaxpr"):
            break
        if code.co_filename != _DOOR:
            found.append((code, instruction))
    return tuple(found)


def sampler(frames: Frames) -> str:
    """The outermost function of ``jax.random`` around an equation, if it stands directly in one.

    Frames of JAX's own machinery between the equation and the sampler do not count; a user's or a
    framework's function does.
    """
    name = ""
    for code, _ in frames:
        path = code.co_filename
        if path.endswith(_SAMPLERS):
            name = code.co_name
        elif _JAX not in path:
            break
    return name.lstrip("_")


def is_sampler(path: str) -> bool:
    """Whether a file holds the functions of ``jax.random``."""
    return path.endswith(_SAMPLERS)


def is_jax(path: str) -> bool:
    """Whether a file is one of JAX's own."""
    return _JAX in path


def locations(frames: Frames) -> tuple[tuple[Location, ...], tuple[Location, ...]]:
    """The user's frames, and the library frames inside the innermost of them, innermost first.

    Of JAX's own frames only those of ``jax.random`` are kept.
    """
    user: list[Location] = []
    library: list[Location] = []
    for code, instruction in frames:
        if is_user(code.co_filename):
            user.append(_location(code, instruction))
        elif not user and _is_telling(code.co_filename):
            library.append(_location(code, instruction))
    return tuple(user), tuple(library)


def _is_telling(path: str) -> bool:
    """Whether a library's frame says more than that JAX is tracing."""
    return path.endswith(_SAMPLERS) or not (path.startswith("<") or _JAX in path)


def innermost(frames: Frames) -> Location | None:
    """The user's innermost frame alone."""
    for code, instruction in frames:
        if is_user(code.co_filename):
            return _location(code, instruction)
    return None


@lru_cache(maxsize=4096)
def is_user(path: str) -> bool:
    """Whether a file is the user's: not installed, not of Python, not ours."""
    if path.startswith(INTERACTIVE):
        return True
    if path.startswith("<") or not path:
        return False
    full = os.path.realpath(path)
    if full.startswith(_OUR_PROGRAMS):
        return True
    if any(part in full for part in _INSTALLED):
        return libraries_count() and _JAX not in full
    return not full.startswith((_HERE, *_PYTHON))


def libraries_count() -> bool:
    """Whether the code of installed libraries, JAX aside, is the user's."""
    return _counting[0]


def count_libraries(count: bool) -> bool:
    """Count that code as the user's, or not; returns what held before."""
    before, _counting[0] = _counting[0], count
    is_user.cache_clear()
    return before


_counting = [False]


@lru_cache(maxsize=65536)
def _location(code: CodeType, instruction: int) -> Location:
    line, column = _position(code, instruction)
    return Location(
        _shown(code.co_filename), line, column, code.co_qualname.replace(".<locals>", "")
    )


def _position(code: CodeType, instruction: int) -> tuple[int, int]:
    for index, (line, _, column, _) in enumerate(code.co_positions()):
        if index == instruction // 2:
            return line or code.co_firstlineno, (column or 0) + 1
    return code.co_firstlineno, 0


@lru_cache(maxsize=4096)
def _shown(path: str) -> str:
    """The path relative to the working directory where it lies below."""
    if path.startswith("<"):
        return path
    full, here = os.path.realpath(path), str(Path.cwd()) + os.sep
    return full[len(here) :] if full.startswith(here) else full
