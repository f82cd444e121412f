"""Every random draw in a JAX program: named, checked, reproducible, and nearly free.

    import keystream as ks

    streams = ks.Streams(0, "params", "dropout")
    variables = model.init(streams.init_rngs(), x, deterministic=False)
    y = model.apply(variables, x, deterministic=False, rngs=streams.rngs(step))

Importing `keystream` loads neither JAX nor a framework; the first use of a name does.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from keystream._version import __version__

if TYPE_CHECKING:
    from keystream import dropout_model as dropout_model
    from keystream import errors as errors
    from keystream import haiku as haiku
    from keystream import linen as linen
    from keystream import nnx as nnx
    from keystream._roots import seed as seed
    from keystream._streams import Identity as Identity
    from keystream._streams import Streams as Streams

# public name -> the module that defines it; no submodule bears the name of a function or class.
_HOME = {
    "Identity": "keystream._streams",
    "Streams": "keystream._streams",
    "seed": "keystream._roots",
}
_SUBMODULES = ("dropout_model", "errors", "haiku", "linen", "nnx")

__all__ = [
    "Identity",
    "Streams",
    "__version__",
    "dropout_model",
    "errors",
    "haiku",
    "linen",
    "nnx",
    "seed",
]


def __getattr__(name: str) -> object:
    if name in _SUBMODULES:
        return importlib.import_module(f"keystream.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'keystream' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
