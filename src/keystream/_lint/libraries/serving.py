"""Models that are initialised or run: which keys serve the streams that they draw from."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from keystream._lint.frames import Streams
from keystream._lint.libraries.call import Call
from keystream._lint.symbols import HostGenerator, NextKey, Symbol, Value
from keystream._lint.values import Made, constant_of

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

Sequenced = TypeVar("Sequenced", Made, HostGenerator)


@contextmanager
def serving(reader: Reader, streams: Streams) -> Generator[None]:
    """What is read inside draws from these streams."""
    reader.streams.append(streams)
    try:
        yield
    finally:
        reader.streams.pop()


def note_run(reader: Reader, call: Call, kind: str, key: Value, *, model: Value, text: str) -> None:
    """Note that a model was initialised (``init``) or run (``apply``) with a key.

    Args:
        reader: the reading.
        call: of ``init`` or ``apply``.
        kind: which of the two.
        key: one of those that it was given.
        model: that was initialised or run.
        text: the name of the key's stream, or its source.
    """
    reader.use(key, kind, call.spelt, call.node, text=text, extra=model)


# Sequences of keys that count, as `nnx.Rngs`, `hk.PRNGSequence` and Keras's `SeedGenerator` do.


def start_sequence(reader: Reader, made: Sequenced, key: Value) -> Sequenced:
    """A sequence that begins with a key."""
    reader.store(made, "key", key)
    reader.store(made, "count", reader.table.constant(0))
    return made


def copied(reader: Reader, call: Call, value: Value | None) -> Value | None:
    """A copy of a sequence goes on by itself from where the other stands; of others the value itself."""
    if not isinstance(value, Made):
        return value
    key, count = (reader.load(value, name) for name in ("key", "count"))
    if key is None or count is None:
        return value
    made = call.made(reader, value.name, value.args, value.keywords)
    reader.store(made, "key", key)
    reader.store(made, "count", count)
    return made


def next_key(reader: Reader, sequence: Value | None) -> Symbol | None:
    """The next key of a sequence whose start is known."""
    if not isinstance(sequence, Made | HostGenerator):
        return None
    for each in reader.cached:
        each.advances(
            sequence, (*reader.chain, reader.site(reader.frame.statement or reader.frame.node))
        )
    start, count = reader.load(sequence, "key"), constant_of(reader.load(sequence, "count"))
    if not isinstance(start, Symbol) or not isinstance(count, int):
        return None
    reader.store(sequence, "count", reader.table.constant(count + 1))
    return reader.table.symbol(NextKey, start, count)
