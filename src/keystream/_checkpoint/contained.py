"""A step, streams and a train state as bytes of one file: a line of JSON, then the state.

The line comes first because Equinox's documentation writes hyperparameters so; the state is what
``flax.serialization`` or Equinox make of it, or nothing.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Final, Literal

from keystream._checkpoint.orbax import Restored
from keystream._checkpoint.record import agreed, damaged, read, write
from keystream._checkpoint.within import check_within, texts_within
from keystream._extras import require
from keystream._streams import Streams

_FROM_BYTES: Final = "keystream.checkpoint.from_bytes"
_FROM_JSON: Final = "keystream.checkpoint.from_json"
_TO_BYTES: Final = "keystream.checkpoint.to_bytes"


def to_json(step: int, streams: Streams) -> str:
    """A step and streams as one line of JSON, for checkpoints of a kind of your own.

    Args:
        step: the number of steps done.
        streams: the streams of the run.

    Returns:
        Text that holds the roots: whoever has it can make every key.

    Raises:
        ValueOutOfRangeError: KS002, the step is not an integer in [0, steps).

    Example:
        >>> import keystream as ks
        >>> streams = ks.Streams(0, "params", "dropout")
        >>> text = ks.checkpoint.to_json(120, streams)
        >>> ks.checkpoint.from_json(text, streams)
        (120, Streams(0, 'params', 'dropout'))
    """
    return json.dumps(write(step, streams, {}, "keystream.checkpoint.to_json"))


def from_json(text: str, streams: Streams | None) -> tuple[int, Streams]:
    """The step and streams that `to_json` wrote, once they are those declared here.

    Args:
        text: what `to_json` returned.
        streams: the streams as they are declared now; None takes them as they were saved.

    Returns:
        The step to go on with, and the streams.

    Raises:
        RestoredStateMismatchError: KS005, the text is damaged, or its streams are others.
    """
    record = read(_parse(text, _FROM_JSON), _FROM_JSON)
    return record.step, agreed(record, streams, _FROM_JSON)


def to_bytes(
    step: int, state: Any, streams: Streams, *, by: Literal["flax", "equinox"] = "flax"
) -> bytes:
    """A step, streams and a train state as bytes; write them with `write_file`.

    Args:
        step: the number of steps done.
        state: what ``flax.serialization.to_bytes`` or ``equinox.tree_serialise_leaves`` take.
        streams: the streams of the run.
        by: which of the two.

    Returns:
        A line of JSON, then the state's bytes.

    Raises:
        ValueOutOfRangeError: KS002, the step is not an integer in [0, steps).
        MissingExtraError: KS007, the library is not installed.

    Example:
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> streams = ks.Streams(0, "params", "dropout")
        >>> data = ks.checkpoint.to_bytes(120, {"w": jnp.ones(3)}, streams)
        >>> ks.checkpoint.from_bytes(data, {"w": jnp.zeros(3)}, streams).step
        120
    """
    if by == "flax":
        flax = _flax(_TO_BYTES)
        content: bytes = flax.to_bytes(state)
    else:
        equinox = require("equinox", purpose=_TO_BYTES)
        buffer = io.BytesIO()
        equinox.tree_serialise_leaves(buffer, state)
        content = buffer.getvalue()
    details = {
        "by": by,
        "length": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "streams": texts_within(state),
    }
    return json.dumps(write(step, streams, details, _TO_BYTES)).encode() + b"\n" + content


def from_bytes(data: bytes, state: Any, streams: Streams | None) -> Restored:
    """What `to_bytes` wrote, once it is whole and its streams are those declared here.

    Args:
        data: what `to_bytes` returned.
        state: a state like the one that was saved.
        streams: the streams as they are declared now; None takes them as they were saved.

    Returns:
        The step to go on with, the state and the streams.

    Raises:
        RestoredStateMismatchError: KS005, the bytes are damaged, or the streams are others.
        MissingExtraError: KS007, the library that wrote the state is not installed.
    """
    line, _, content = data.partition(b"\n")
    record = read(_parse(line, _FROM_BYTES), _FROM_BYTES)
    details = record.details
    if len(content) != details.get("length"):
        short = f"the state has {len(content)} bytes of {details.get('length')}"
        raise damaged(short, _FROM_BYTES)
    if hashlib.sha256(content).hexdigest() != details["sha256"]:
        raise damaged("the state is not what was saved: its checksum differs", _FROM_BYTES)
    chosen = agreed(record, streams, _FROM_BYTES)
    check_within(details["streams"], state, _FROM_BYTES)
    if details["by"] == "flax":
        flax = _flax(_FROM_BYTES)
        return Restored(record.step, flax.from_bytes(state, content), chosen)
    equinox = require("equinox", purpose=_FROM_BYTES)
    restored = equinox.tree_deserialise_leaves(io.BytesIO(content), state)
    return Restored(record.step, restored, chosen)


def write_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file so that, whatever interrupts it, the old or the new content is there whole.

    Args:
        path: of the file; its directory exists.
        data: its content.

    Raises:
        OSError: what the disk says; the file is as it was before.
    """
    target = Path(path)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # the new name too: a power cut forgets what only the cache knows
    finally:
        os.close(directory)


def _flax(purpose: str) -> Any:
    """flax.serialization, once it knows `Streams`: in the record is all that there is to write."""
    flax = require("flax.serialization", purpose=purpose)
    flax.register_serialization_state(Streams, _nothing, _as_declared, override=True)
    return flax


def _nothing(streams: Streams) -> dict[str, Any]:
    return {}


def _as_declared(streams: Streams, stored: Any) -> Streams:
    return streams  # `check_within` has compared it with what was saved


def _parse(text: str | bytes, where: str) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError) as error:
        raise damaged(f"the record can't be read: {error}", where) from error
