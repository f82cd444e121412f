"""What a compiled call was given besides keys: whether the processes of a job worked on the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

GLOBAL = "global"  # an input lies on devices of several processes: all of them run one program
# Bytes of one array that are read. The first call of a program compiles it, which takes longer.
MOST = 1 << 22


def digest(arguments: Sequence[Any]) -> str:
    """A digest of the arrays among the arguments, keys aside.

    Args:
        arguments: flat.

    Returns:
        `GLOBAL`, or the same text for the same values; empty where one is too large to be read.
    """
    found = hashlib.blake2b(digest_size=8)
    for each in arguments:
        if not getattr(each, "is_fully_addressable", True):
            return GLOBAL
        if getattr(each, "nbytes", 0) > MOST:
            return ""
        if getattr(getattr(each, "dtype", None), "kind", "O") == "O" and hasattr(each, "_impl"):
            continue  # a key
        try:
            values = np.asarray(each)
        except (TypeError, RuntimeError):  # a key of another make, or one that was deleted
            continue
        found.update(f"{values.dtype}{values.shape}".encode())
        found.update(values.tobytes())
    return found.hexdigest()
