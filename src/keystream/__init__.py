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
    from keystream import checkpoint as checkpoint
    from keystream import distributed as distributed
    from keystream import dropout_model as dropout_model
    from keystream import equinox as equinox
    from keystream import errors as errors
    from keystream import exercise as exercise
    from keystream import haiku as haiku
    from keystream import linen as linen
    from keystream import nnx as nnx
    from keystream._draws.batch_slice import batch_slice as batch_slice
    from keystream._draws.dropout import drop_path as drop_path
    from keystream._draws.dropout import drop_path_rates as drop_path_rates
    from keystream._draws.dropout import dropout as dropout
    from keystream._draws.noise import gaussian_noise as gaussian_noise
    from keystream._draws.token_mask import TokenMask as TokenMask
    from keystream._draws.token_mask import token_mask as token_mask
    from keystream._fuse import FuseThreefry as FuseThreefry
    from keystream._fuse import fuse_threefry as fuse_threefry
    from keystream._host import HostStreams as HostStreams
    from keystream._intent import common_random_numbers as common_random_numbers
    from keystream._permutation import Permutation as Permutation
    from keystream._plan.plan import Plan as Plan
    from keystream._plan.site import Observed as Observed
    from keystream._plan.site import Site as Site
    from keystream._planning import plan as plan
    from keystream._roots import seed as seed
    from keystream._session import audit as audit
    from keystream._session import step as step
    from keystream._streams import Identity as Identity
    from keystream._streams import Streams as Streams

# public name -> the module that defines it; no submodule bears the name of a function or class.
_HOME = {
    "FuseThreefry": "keystream._fuse",
    "HostStreams": "keystream._host",
    "Identity": "keystream._streams",
    "Observed": "keystream._plan.site",
    "Permutation": "keystream._permutation",
    "Plan": "keystream._plan.plan",
    "Site": "keystream._plan.site",
    "Streams": "keystream._streams",
    "TokenMask": "keystream._draws.token_mask",
    "audit": "keystream._session",
    "common_random_numbers": "keystream._intent",
    "batch_slice": "keystream._draws.batch_slice",
    "drop_path": "keystream._draws.dropout",
    "drop_path_rates": "keystream._draws.dropout",
    "dropout": "keystream._draws.dropout",
    "fuse_threefry": "keystream._fuse",
    "gaussian_noise": "keystream._draws.noise",
    "plan": "keystream._planning",
    "seed": "keystream._roots",
    "step": "keystream._session",
    "token_mask": "keystream._draws.token_mask",
}
_SUBMODULES = (
    "checkpoint",
    "distributed",
    "dropout_model",
    "equinox",
    "errors",
    "exercise",
    "haiku",
    "linen",
    "nnx",
)

__all__ = [
    "FuseThreefry",
    "HostStreams",
    "Identity",
    "Observed",
    "Permutation",
    "Plan",
    "Site",
    "Streams",
    "TokenMask",
    "__version__",
    "audit",
    "batch_slice",
    "checkpoint",
    "common_random_numbers",
    "distributed",
    "drop_path",
    "drop_path_rates",
    "dropout",
    "dropout_model",
    "equinox",
    "errors",
    "exercise",
    "fuse_threefry",
    "gaussian_noise",
    "haiku",
    "linen",
    "nnx",
    "plan",
    "seed",
    "step",
    "token_mask",
]


def __getattr__(name: str) -> object:
    if name in _SUBMODULES:
        return importlib.import_module(f"keystream.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'keystream' has no attribute {name!r}")
    if name not in ("audit", "step"):
        # An audit looks at JAX as soon as that is imported, with modules of ours, which must not be in
        # the middle of their own import then.
        importlib.import_module("jax")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: object) -> None:
    """``%load_ext keystream``: the commands ``%%audit``, ``%audit`` and ``%lint``."""
    importlib.import_module("keystream._ipython").load(shell)


def unload_ipython_extension(shell: object) -> None:
    """``%unload_ext keystream``."""
    importlib.import_module("keystream._ipython").unload(shell)


def __dir__() -> list[str]:
    return sorted(__all__)
