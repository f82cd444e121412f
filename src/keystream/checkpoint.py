"""Checkpoints: `Streams` beside a train state, in Orbax, Flax, Equinox or plain JSON.

    step, state, streams = ks.checkpoint.restore(manager, state, streams)
    for step in range(step, steps):
        state = train_step(state, streams, batch(step), step)
        ks.checkpoint.save(manager, step + 1, state, streams)

A run is resumed by its step: there is no key or counter to store. What is stored beside the step are
the seeds, names, implementation and layout, to be compared with those that are declared when the run
goes on. Other ones are error KS005.
"""

from __future__ import annotations

from keystream._checkpoint.adopted import adopt
from keystream._checkpoint.contained import from_bytes, from_json, to_bytes, to_json, write_file
from keystream._checkpoint.orbax import (
    DamagedCheckpointWarning,
    Restored,
    restore,
    save,
    save_args,
)

__all__ = [
    "DamagedCheckpointWarning",
    "Restored",
    "adopt",
    "from_bytes",
    "from_json",
    "restore",
    "save",
    "save_args",
    "to_bytes",
    "to_json",
    "write_file",
]
