"""The record of a checkpoint: its step and streams, as JSON that shows whether it is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from keystream._differences import compare
from keystream._names import as_integer, check_range
from keystream._streams import Streams
from keystream.errors import RestoredStateMismatchError

FORMAT: Final = "keystream.checkpoint"
VERSION: Final = 1
_WHY: Final = "a run that goes on from a damaged record would repeat or skip draws"
_FIX: Final = "restore the checkpoint before it"


class Record(NamedTuple):
    """What a record says.

    Args:
        step: the number of steps done, which is the step to go on with.
        streams: the streams as they were saved.
        details: what else the writer of the record put there.
    """

    step: int
    streams: Streams
    details: dict[str, Any]


def check_step(step: Any, streams: Streams, call: str) -> int:
    """The number of steps done, an integer in [0, steps) (KS002 where it is not)."""
    why = "it is how many steps are done, so also the step to go on with"
    done = as_integer(step, "step", call, why)
    check_range(done, "step", streams.declaration.radix.steps, call)
    return done


def write(step: Any, streams: Streams, details: Mapping[str, Any], call: str) -> dict[str, Any]:
    """The record as an object of JSON.

    Raises:
        ValueOutOfRangeError: KS002, the step is not an integer in [0, steps).
    """
    done = check_step(step, streams, call)
    body = {
        "format": FORMAT,
        "version": VERSION,
        "step": done,
        "streams": json.loads(streams.to_json()),
        "details": dict(details),
    }
    return {**body, "sha256": _digest(body)}


def read(stored: Any, where: str) -> Record:
    """What a record says, once it is known to be whole.

    Raises:
        RestoredStateMismatchError: KS005, it is damaged, or of a version that is not known here.
    """
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise damaged(f"the record is not in format {FORMAT!r}", where)
    if stored.get("version") != VERSION:
        raise damaged(f"the record has version {stored.get('version')!r}, this is {VERSION}", where)
    body = {name: value for name, value in stored.items() if name != "sha256"}
    if stored.get("sha256") != _digest(body):
        raise damaged("the record's checksum does not fit its content", where)
    streams = Streams.from_json(json.dumps(body["streams"]))
    return Record(body["step"], streams, body["details"])


def agreed(record: Record, streams: Streams | None, where: str) -> Streams:
    """The streams to go on with: those declared, where they are those of the record (KS005)."""
    if streams is None:
        return record.streams
    compare(record.streams, streams, f"{where} · step {record.step}")
    return streams


def damaged(what: str, where: str, fix: str = _FIX) -> RestoredStateMismatchError:
    """The error for a checkpoint that can't be used."""
    return RestoredStateMismatchError(what, where=where, why=_WHY, fix=fix)


def _digest(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
