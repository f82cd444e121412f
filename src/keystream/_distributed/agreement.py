"""A check at the start of a run that every process declared the same streams.

The first process gathers what each declared, through JAX's coordination service, compares, and answers
all. No collective is used: one hangs where a process is missing or has come to another line.
"""

from __future__ import annotations

import itertools
import json
import time
from typing import Any, Final, cast

import jax

from keystream._differences import differences
from keystream._internals import coordination_client
from keystream._streams import Streams
from keystream.errors import ReplicasDisagreeError, ValueOutOfRangeError

_CALL: Final = "keystream.distributed.check"
_WHY: Final = "processes that draw from different keys compute different things, in silence"
_MARGIN: Final = 5  # seconds the others wait longer than the first process, which answers them
_rounds = itertools.count()  # every process calls `check` equally often


def check(streams: Streams, *, timeout: float = 60) -> None:
    """Refuse to go on unless every process of the run declared the same streams.

    Call it once at the start, in every process. In a run of one process it does nothing.

    Args:
        streams: the streams of the run.
        timeout: how long to wait for the other processes, in seconds, above 0.

    Raises:
        ReplicasDisagreeError: KS302, in every process: the first process that declared other streams
            than process 0, with both sides; or the first that did not answer in time.
        ValueOutOfRangeError: KS002, the timeout is not such a number.
    """
    if not 0 < timeout < 2**20:
        raise ValueOutOfRangeError(
            f"timeout {timeout!r} is outside (0, 2**20)",
            where=_CALL,
            why="it is how many seconds to wait for the other processes",
            fix="pass seconds, such as timeout=60",
        )
    client, count, index = coordination_client(), jax.process_count(), jax.process_index()
    prefix = f"keystream/check/{next(_rounds)}"
    if count == 1 or client is None:
        return
    client.key_value_set(f"{prefix}/declared/{index}", streams.to_json())
    if index == 0:
        verdict = _compare(client, prefix, count, streams, timeout)
        client.key_value_set(f"{prefix}/verdict", json.dumps(verdict))
    else:
        verdict = _wait_for_verdict(client, prefix, timeout)
    if verdict:
        raise ReplicasDisagreeError(
            verdict["what"], where=f"{_CALL} · process {index}", why=_WHY, fix=verdict["fix"]
        )


def _compare(
    client: Any, prefix: str, count: int, streams: Streams, timeout: float
) -> dict[str, str]:
    """What is wrong, seen from the first process; empty where all is well."""
    end = time.monotonic() + timeout
    for process in range(1, count):
        text = _get(client, f"{prefix}/declared/{process}", end - time.monotonic())
        if text is None:
            return _silent(process, timeout)
        declared = Streams.from_json(text)
        what = "; ".join(_between(streams, declared, process))
        if what:
            fix = "run the same program with the same seed and declaration in every process"
            return {"what": f"process {process} declared other streams: {what}", "fix": fix}
    return {}


def _between(first: Streams, other: Streams, process: int) -> list[str]:
    """The differences, with processes in the place of saved and here."""
    phrases = differences(first, other)
    return [
        phrase.replace(" saved, ", " in process 0, ", 1)[: -len(" here")] + f" in process {process}"
        for phrase in phrases
    ]


def _wait_for_verdict(client: Any, prefix: str, timeout: float) -> dict[str, str]:
    text = _get(client, f"{prefix}/verdict", timeout + _MARGIN)
    return (
        _silent(0, timeout + _MARGIN) if text is None else cast("dict[str, str]", json.loads(text))
    )


def _silent(process: int, seconds: float) -> dict[str, str]:
    return {
        "what": f"process {process} did not answer in {seconds:g} s",
        "fix": "see why it ended or waits; every process has to call check, equally often",
    }


def _get(client: Any, key: str, seconds: float) -> str | None:
    """The text under a key, or None where it does not come in time or the service is gone."""
    try:
        value = client.blocking_key_value_get(key, max(1, int(seconds * 1000)))
    except Exception:  # jaxlib's error for a deadline, whose class has moved between versions
        return None
    return value if isinstance(value, str) else value.decode()
