"""Runs the user's script or module as Python would, and gives back how it ended."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
import traceback
import types
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_HERE = str(Path(__file__).resolve().parent.parent) + os.sep


class NoProgramError(Exception):
    """There is no module of that name to run."""


@dataclass(frozen=True)
class Ending:
    """How a program ended.

    Attributes:
        code: the exit code that Python would have given.
        error: the exception that ended it, for `show`; None where it ended well or with ``sys.exit``.
    """

    code: int
    error: BaseException | None = None


def run_script(path: str, arguments: Sequence[str]) -> Ending:
    """Run a script as ``python`` would: as ``__main__``, its folder first in ``sys.path``."""
    file = Path(os.path.abspath(path))  # noqa: PTH100 (links stay unresolved, as with Python)
    source = file.read_bytes()
    sys.argv = [path, *arguments]
    sys.path.insert(0, str(file.resolve().parent))
    module = types.ModuleType("__main__")
    module.__file__ = str(file)
    module.__builtins__ = __builtins__  # type: ignore[attr-defined]
    return _execute(module, source, str(file))


def run_module(name: str, arguments: Sequence[str]) -> Ending:
    """Run a module like ``python -m``: of a package, its ``__main__``.

    Raises:
        NoProgramError: there is no such module.
    """
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 (as Python does, links unresolved)
    spec = _spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        name = f"{name}.__main__"
        spec = _spec(name)
    if spec is None or spec.origin is None:
        raise NoProgramError(f"there is no module {name}")
    sys.argv = [spec.origin, *arguments]
    module = types.ModuleType("__main__")
    module.__file__, module.__spec__, module.__package__ = spec.origin, spec, spec.parent
    module.__loader__ = spec.loader
    return _execute(module, Path(spec.origin).read_bytes(), spec.origin)


def _spec(name: str) -> importlib.machinery.ModuleSpec | None:
    """Where a module is; None where it or the package around it is not there."""
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            return None
        raise  # the package is there; something that it imports is not


def _execute(module: types.ModuleType, source: bytes, path: str) -> Ending:
    before = sys.modules.get("__main__")
    sys.modules["__main__"] = module
    try:
        code = compile(source, path, "exec", dont_inherit=True)
        exec(code, vars(module))
    except SystemExit as end:
        return Ending(_exit_code(end))
    except KeyboardInterrupt as error:
        return Ending(130, error)
    except BaseException as error:
        return Ending(1, error)
    finally:
        if before is not None:
            module.__dict__.setdefault(
                "_keystream_main", before
            )  # what it defines may still be pickled
    return Ending(0)


def _exit_code(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code
    print(end.code, file=sys.stderr)
    return 1


def show(error: BaseException) -> None:
    """Print the traceback as Python would have, without our frames at its outer end."""
    inner: TracebackType | None = error.__traceback__
    while inner is not None and inner.tb_frame.f_code.co_filename.startswith(_HERE):
        inner = inner.tb_next
    hook = sys.excepthook
    error = error.with_traceback(inner)
    try:
        hook(type(error), error, inner)
    except Exception:
        traceback.print_exception(error)
    sys.stderr.flush()
