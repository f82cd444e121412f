"""Importing what only some users have installed, with a message that says how to get it."""

from __future__ import annotations

import importlib
from types import ModuleType

from keystream.errors import MissingExtraError

# What pip calls a library whose module has another name.
_DISTRIBUTIONS = {
    "haiku": "dm-haiku",
    "orbax": "orbax-checkpoint",
    "sklearn": "scikit-learn",
}


def require(module: str, *others: str, purpose: str) -> ModuleType:
    """Import modules that are not installed with `keystream` itself.

    Args:
        module: the absolute name of a module, such as ``flax.linen``.
        *others: further modules without which the purpose can't be served.
        purpose: what needs them, the start of the message, such as ``keystream demo``.

    Returns:
        The first of the imported modules.

    Raises:
        MissingExtraError: KS007, libraries are not installed; the message installs all of them.
    """
    missing: list[str] = []
    for name in (module, *others):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            library = name.partition(".")[0]
            if error.name is None or error.name.partition(".")[0] != library:
                raise  # the library is there, something that it needs itself is not
            missing.append(library)
    if missing:
        raise _missing(missing, purpose)
    return importlib.import_module(module)


def _missing(libraries: list[str], purpose: str) -> MissingExtraError:
    """The error that names libraries, and the line that installs them.

    The line never asks for ``keystream`` with an extra: it would fetch whatever an index has under
    that name, in place of the `keystream` that runs.
    """
    *others, last = map(repr, libraries)
    named = f"{', '.join(others)} and {last}" if others else last
    them, are = ("them", "are") if others else ("it", "is")
    distributions = " ".join(_DISTRIBUTIONS.get(library, library) for library in libraries)
    return MissingExtraError(
        f"{purpose} needs {named}, which {are} not installed",
        why=f"only some users need {them}, so keystream comes without",
        fix=f"python -m pip install {distributions}",
    )
