"""Streams for Haiku: a ``hk.PRNGSequence`` for a step.

Where Haiku takes a key (``init`` and ``apply`` of ``hk.transform``), pass `Streams.key` as it is:
``forward.apply(params, streams.key("dropout", step), x)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keystream._extras import require
from keystream._streams import Streams

if TYPE_CHECKING:
    import haiku as hk
else:
    hk = require("haiku", purpose="keystream.haiku")

__all__ = ["sequence"]


def sequence(streams: Streams, name: str, step: Any, /, **coordinates: Any) -> hk.PRNGSequence:
    """An iterator of keys that begins anew at every step.

    Nothing of it has to be carried to the next step or saved with a checkpoint: the sequence of a
    later step is made from its name, not from this one.

    Args:
        streams: the declared streams.
        name: a declared stream.
        step: as in `Streams.key`; traced or not.
        coordinates: as in `Streams.key`.

    Returns:
        An iterator of typed keys, those of ``hk.PRNGSequence(streams.key(name, step))``.

    Raises:
        KeystreamError: as `Streams.key` does.

    Example:
        >>> import keystream as ks
        >>> streams = ks.Streams(0, "params", "noise")
        >>> keys = ks.haiku.sequence(streams, "noise", 120)
        >>> next(keys).shape
        ()
    """
    return hk.PRNGSequence(streams.key(name, step, **coordinates))
