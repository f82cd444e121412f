"""Whose code is running: the user's frames of a call stack, and the library's between them."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType

from keystream._findings import Location
from keystream._plan import frames as planned

_HERE = str(Path(__file__).resolve().parent.parent) + os.sep
_OUR_PROGRAMS = _HERE + "_demo" + os.sep  # audited as a user's, wherever they are installed
_STDLIB = tuple(
    {str(Path(sysconfig.get_path(name)).resolve()) + os.sep for name in ("stdlib", "platstdlib")}
)
# Where installation puts what starts a library's program, such as bin/pytest: nobody wrote that.
_STARTERS = str(Path(sysconfig.get_path("scripts")).resolve()) + os.sep
_AUDITOR = tuple(
    _HERE + part
    for part in ("_audit", "_session", "_jax_door", "_cli", "_pytest_plugin", "__main__")
)
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_JAX = (f"{os.sep}jax{os.sep}_src{os.sep}", f"{os.sep}jax{os.sep}")
_SAMPLERS = (
    f"{os.sep}jax{os.sep}_src{os.sep}random{os.sep}core.py",
    f"{os.sep}jax{os.sep}_src{os.sep}random.py",
)

_PROCESS = f"{os.sep}multiprocessing{os.sep}process.py"
_SHELL = f"{os.sep}IPython{os.sep}core{os.sep}interactiveshell.py"

RUNNER = "_execute"  # the function of `run` that runs the user's code
Key = tuple[int, ...]  # of a stack: id of the code and instruction, frame by frame, innermost first

_OURS, _THEIRS, _RUNS = 0, 1, 2
_codes: dict[int, CodeType] = {}
_roles: dict[int, int] = {}

LIMIT = 400  # frames looked at, from the innermost


@lru_cache(maxsize=4096)
def is_user(path: str) -> bool:
    """Whether a file is the user's: not installed, unless that counts, not of Python, not ours."""
    if path.startswith(planned.INTERACTIVE):
        return True
    if path.startswith("<") or not path:
        return False
    full = os.path.realpath(path)
    if full.startswith(_OUR_PROGRAMS):
        return True
    if any(part in full for part in _INSTALLED):
        return planned.libraries_count() and not is_jax(full)
    return not full.startswith((_HERE, _STARTERS, *_STDLIB))


@contextmanager
def libraries_counting(count: bool) -> Generator[None, None, None]:
    """Whether the code of installed libraries, JAX aside, is the user's within the block."""
    before = planned.count_libraries(count or planned.libraries_count())
    is_user.cache_clear()
    try:
        yield
    finally:
        planned.count_libraries(before)
        is_user.cache_clear()


@lru_cache(maxsize=4096)
def is_jax(path: str) -> bool:
    """Whether a file is one of JAX's own."""
    return any(part in path for part in _JAX)


@lru_cache(maxsize=4096)
def is_sampler(path: str) -> bool:
    """Whether a file holds the functions of ``jax.random``."""
    return path.endswith(_SAMPLERS)


@lru_cache(maxsize=4096)
def absolute(path: str) -> str:
    """The whole path: the program may change its working directory."""
    return path if path.startswith("<") else os.path.realpath(path)


def stack_key(frame: FrameType | None) -> Key:
    """The running stack from `frame` outward as a hashable key, the cheapest there is.

    The auditor's own frames are left out; what runs an audited script, and all around it, is no
    part of the program.

    Returns:
        For each frame the id of its code, which stays alive, and the instruction that it is at.
    """
    found: list[int] = []
    left = LIMIT
    while frame is not None and left:
        code = frame.f_code
        number = id(code)
        role = _roles.get(number)
        if role is None:
            role = _learn(code)
        if role == _THEIRS:
            found.append(number)
            found.append(frame.f_lasti)
        elif role == _RUNS:
            break
        frame, left = frame.f_back, left - 1
    return tuple(found)


def _learn(code: CodeType) -> int:
    """Remember whose a function is; hashing ids is quick, hashing code is not."""
    role = _THEIRS
    if code.co_filename.startswith(_AUDITOR):
        role = _RUNS if code.co_name == RUNNER else _OURS
    elif code.co_name == "_bootstrap" and code.co_filename.endswith(_PROCESS):
        role = _RUNS  # of multiprocessing: around it is, in a fork, what started the process
    elif code.co_name == "run_code" and code.co_filename.endswith(_SHELL):
        role = _RUNS  # of IPython: around it is what started the shell
    _codes[id(code)] = code
    _roles[id(code)] = role
    return role


def _pairs(key: Key) -> Iterator[tuple[CodeType, int]]:
    return ((_codes[key[n]], key[n + 1]) for n in range(0, len(key), 2))


def here(depth: int = 1) -> FrameType:
    """The frame `depth` levels above the caller."""
    return sys._getframe(depth + 1)  # pyright: ignore[reportPrivateUsage]


def caller() -> FrameType:
    """The innermost frame that is none of the audit's own: one observer may stand around another."""
    frame = here(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_AUDITOR):
        frame = frame.f_back
    return frame


def locations(
    key: Key,
) -> tuple[tuple[Location, ...], tuple[Location, ...]]:
    """The user's frames of a stack, and the library frames inside the innermost of them.

    Returns:
        Both innermost first; without user frames the first is empty.
    """
    user: list[Location] = []
    library: list[Location] = []
    for code, instruction in _pairs(key):
        if is_user(code.co_filename):
            user.append(_location(code, instruction))
        elif not user and not code.co_filename.startswith("<"):
            library.append(_location(code, instruction))
    return tuple(user), tuple(library)


def trail(key: Key) -> tuple[Location, ...]:
    """Every frame of a stack, the user's and the libraries', outermost first."""
    return tuple(
        _location(*each)
        for each in reversed(list(_pairs(key)))
        if not each[0].co_filename.startswith("<") or is_user(each[0].co_filename)
    )


def _location(code: CodeType, instruction: int) -> Location:
    line, column = _position(code, instruction)
    return Location(
        absolute(code.co_filename), line, column, code.co_qualname.replace(".<locals>", "")
    )


@lru_cache(maxsize=65536)
def _position(code: CodeType, instruction: int) -> tuple[int, int]:
    for index, (line, _, column, _) in enumerate(code.co_positions()):
        if index == instruction // 2:
            return line or code.co_firstlineno, (column or 0) + 1
    return code.co_firstlineno, 0


def sampler(key: Key) -> str:
    """The outermost function of ``jax.random`` in the stack inside the caller's own frames."""
    name = ""
    for code, _ in _pairs(key):
        if is_sampler(code.co_filename):
            name = code.co_name
        elif name and not is_jax(code.co_filename):
            break
    return name.lstrip("_")


def callers(key: Key) -> Key:
    """The part of a stack that called the outermost function of ``jax.random`` in it."""
    last = 0
    for number, (code, _) in enumerate(_pairs(key)):
        if is_sampler(code.co_filename):
            last = number
        elif last and not is_jax(code.co_filename):
            break
    return key[2 * (last + 1) :]


def sampler_frame(frame: FrameType | None) -> FrameType | None:
    """The outermost running frame of ``jax.random``, of those inside the caller's own."""
    outermost: FrameType | None = None
    while frame is not None:
        path = frame.f_code.co_filename
        if is_sampler(path):
            outermost = frame
        elif outermost is not None and not is_jax(path):
            break
        frame = frame.f_back
    return outermost
