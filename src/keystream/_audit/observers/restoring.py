"""When the program gets back what it had saved: from a checkpoint, a pickle, a state kept in memory."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from keystream._audit.frames import caller, is_user
from keystream._audit.observers import replace

# library -> its functions that give back a saved state, methods by their class
_RESTORING = {
    "numpy": ("load",),
    "pickle": ("load", "loads"),
    "joblib": ("load",),
    "flax.serialization": ("from_bytes", "from_state_dict", "msgpack_restore"),
    "flax.training.checkpoints": ("restore_checkpoint",),
    "flax.nnx": ("update",),
    "equinox": ("tree_deserialise_leaves",),
    "orbax.checkpoint": (
        "Checkpointer.restore",
        "PyTreeCheckpointer.restore",
        "StandardCheckpointer.restore",
        "CheckpointManager.restore",
    ),
}


# What restores checkpoints and nothing else, whoever calls it. Libraries call the others for other
# ends too: an optimizer of NNX updates its model, Linen lists its submodules by a state dictionary.
_OF_CHECKPOINTS = ("orbax.checkpoint", "flax.training.checkpoints")


def install(recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Observe the restoring functions of the libraries that are imported, each once."""
    for library, names in _RESTORING.items():
        module = sys.modules.get(library)
        for name in names if module is not None else ():
            owner_name, _, method = name.rpartition(".")
            owner = getattr(module, owner_name, None) if owner_name else module
            call = getattr(owner, method, None)
            if callable(call) and not hasattr(call, "_keystream_restoring"):
                by_user = library not in _OF_CHECKPOINTS
                replace(owner, method, _observed(recorder, call, by_user=by_user), undo)


def _observed(recorder: Any, call: Callable[..., Any], *, by_user: bool) -> Callable[..., Any]:
    @functools.wraps(call)
    def observed(*args: Any, **kwargs: Any) -> Any:
        if not by_user or is_user(caller().f_code.co_filename):
            recorder.restored(depth=2)
        return call(*args, **kwargs)

    observed._keystream_restoring = True  # type: ignore[attr-defined]
    return observed
