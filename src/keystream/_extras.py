"""Importing what only some users have installed, with a message that says how to get it."""

from __future__ import annotations

import importlib
from types import ModuleType

from keystream.errors import MissingExtraError


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import a module that belongs to an extra.

    Args:
        module: the module's absolute name, such as ``flax.linen``.
        extra: the extra of `keystream` that installs it, such as ``flax``.
        purpose: what needs it, the start of the message, such as ``keystream demo``.

    Returns:
        The imported module.

    Raises:
        MissingExtraError: KS007, the module's distribution is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise  # the library is there, something that it needs itself is not
        missing = module.partition(".")[0]
        raise MissingExtraError(
            f"{purpose} needs {missing!r}, which is not installed",
            why="it is an extra, so that the core stays small",
            fix=f"python -m pip install 'keystream[{extra}]'",
        ) from error
