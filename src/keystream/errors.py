"""The errors that `keystream` raises, each with its code, what happened, where, why and the fix.

Every error is a `KeystreamError`, which is a `ValueError`; catch one class by its mistake, or all of
them by the base. The docstring of a class is its page: ``keystream rule KS001`` prints it.
"""

from __future__ import annotations

from typing import ClassVar

from keystream._codes import CODES

__all__ = [
    "BadExerciseInputError",
    "CheckpointNotSavedError",
    "KeystreamError",
    "MissingExtraError",
    "RateOutOfRangeError",
    "RecordNotSavedError",
    "ReplicasDisagreeError",
    "RestoredStateMismatchError",
    "SingleKeyGivenError",
    "StreamFallbackError",
    "StreamIdClashError",
    "TwinSeedsError",
    "UndeclaredStreamError",
    "UnsupportedKeyError",
    "UntestedJaxError",
    "ValueOutOfRangeError",
    "by_code",
]


class KeystreamError(ValueError):
    """A mistake in the use of random streams, with its remedy.

    Args:
        what: what happened, with the offending value; this line stands alone.
        where: module path, stream, step or call that saw it; empty when there is nothing to add.
        why: the consequence, one sentence.
        fix: an instruction, with code to paste.
    """

    code: ClassVar[str] = ""

    def __init__(self, what: str, *, where: str = "", why: str, fix: str) -> None:
        super().__init__(what, where, why, fix)
        self.what = what
        self.where = where
        self.why = why
        self.fix = fix

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.why, self.fix)

    @property
    def mistake(self) -> str:
        """The name of the mistake, such as ``undeclared-stream``."""
        return CODES[self.code]

    def __str__(self) -> str:
        fields = [("where", self.where), ("why", self.why), ("fix", self.fix)]
        lines = [self.what]
        lines += [f"  {label + ':':<6} {_hang(text)}" for label, text in fields if text]
        lines.append(f"  {self.code} {self.mistake} (keystream rule {self.code})")
        return "\n".join(lines)


def _hang(text: str) -> str:
    return text.replace("\n", "\n         ")


def _rebuild(
    cls: type[KeystreamError], what: str, where: str, why: str, fix: str
) -> KeystreamError:
    """Unpickle an error: worker processes hand theirs to their parent."""
    return cls(what, where=where, why=why, fix=fix)


class UndeclaredStreamError(KeystreamError):
    """A stream or coordinate was asked for that the `Streams` never declared.

    Flax serves a misspelt stream from ``params`` when it can, and the run goes on with another
    stream's keys. Here a name has to be declared before a key is made from it.

    Declare the name (``Streams(0, "params", "dropout")``), or correct its spelling.
    """

    code = "KS001"


class ValueOutOfRangeError(KeystreamError):
    """A seed, step, coordinate, size, id or name is not of the kind or in the range it must have.

    A value that does not fit is refused because wrapping it would give it another name's key: JAX
    without x64 gives seeds 0 and 2**32 one key, and ``fold_in`` takes 1.7 as 1.

    Pass an integer in the range that the message names; make a seed of anything else with
    ``ks.seed(...)``.
    """

    code = "KS002"


class StreamIdClashError(KeystreamError):
    """Two streams would have one id, and with it the same keys.

    A stream's id is 20 bits of a hash of its name, so that it depends on the name alone; 64 names
    clash with probability 0.2 %.

    Give one of the two an id of its own: ``Streams(0, "a", "b", ids={"b": 7})``.
    """

    code = "KS003"


class RateOutOfRangeError(KeystreamError):
    """A rate, the probability of dropping, is not a number in [0, 1].

    Flax and Equinox accept such rates: at 1.5 the kept values change sign, at NaN every value does.

    Pass a fraction: 0.1 drops one value in ten.
    """

    code = "KS004"


class RestoredStateMismatchError(KeystreamError):
    """A checkpoint, a `Streams` as text or a record is not there, damaged, or of another layout or kind.

    Restoring it anyway would go on with other keys, in silence.

    Restore with the version and declaration that saved it, or start from a whole copy.
    """

    code = "KS005"


class UnsupportedKeyError(KeystreamError):
    """A key has a shape, dtype or implementation from which streams can't be made.

    ``unsafe_rbg`` keys are refused because their ``fold_in`` commutes and undoes itself, so distinct
    names meet in one key.

    Pass a scalar typed key (``jax.random.key(0)``) or a legacy ``uint32[2]`` one, or a seed.
    """

    code = "KS006"


class MissingExtraError(KeystreamError, ImportError):
    """A library that only some users need is not installed.

    `keystream` itself installs JAX, NumPy, rich and wrapt. Frameworks, and the libraries of single
    commands, are for those who use them.

    Run the install line that the message prints.
    """

    code = "KS007"


class SingleKeyGivenError(KeystreamError):
    """Another stream was asked for, but a single key or seed without names had been given.

    A single key is taken as ``params`` alone. Flax would serve every other stream from it too,
    which ties dropout masks to initial weights.

    Name the streams: ``Streams(key, "params", "dropout")``.
    """

    code = "KS008"


class TwinSeedsError(KeystreamError):
    """Two streams have one seed, so they would hand out the same key at ``init``.

    Flax does not fold a stream's name into its key: equal seeds are equal keys, and noise then
    repeats the pattern of the dropout mask.

    Give each stream a seed of its own, or one seed for all: ``Streams(0, "params", "dropout")``.
    """

    code = "KS009"


class BadExerciseInputError(KeystreamError):
    """An input of the dropout exercise is not what its signature says.

    ``x`` is a non-empty vector of numbers; seeds and the flag are finite numbers.

    Correct the input that the message names.
    """

    code = "KS010"


class UntestedJaxError(KeystreamError):
    """A part of JAX shall be replaced that was never tested with the installed version of JAX.

    What is replaced is internal to JAX and may change with any release; wrong bits or a crash could
    follow. Everything else works without it.

    Leave the call out: draws are the same, only slower. Or install one of the versions that the
    message names.
    """

    code = "KS011"


class CheckpointNotSavedError(KeystreamError):
    """A checkpoint could not be written: the disk is full, or the directory refuses it.

    Training could go on, but a crash would throw it back to the checkpoint before. That one is whole:
    a checkpoint gets its name only once it is written.

    See to the reason that the message gives, and save again.
    """

    code = "KS012"


class RecordNotSavedError(KeystreamError):
    """The record of an audit could not be written: the disk is full, or the directory refuses it.

    What can be known before is said before, and the program is not run. Else the report stands, but
    this run can't be compared with another one later. A record of that name from before is whole: a
    record gets its name only once it is written.

    See to the reason that the message gives, or name another file, and run the program again.
    """

    code = "KS013"


class ReplicasDisagreeError(KeystreamError):
    """The processes of one run did not declare the same streams, or one of them did not say.

    Each would draw from keys of its own where all shall draw the same, and nothing would show it: the
    parameters drift apart, or the mask of a sharded array does not fit together. ``keystream report``
    tells it too, of the records of all processes: what they shall draw alike they drew from other keys.

    Run the same program with the same seed in every process, and call ``ks.distributed.check(streams)``
    at the start in all of them.
    """

    code = "KS302"


class StreamFallbackError(KeystreamError):
    """A module drew from a stream that was not given, and Flax would have served it from ``params``.

    The run goes on in silence: dropout then shares its root with the initial weights, and
    ``init`` with a single key gives no hint that ``apply`` needs another stream. ``ks.linen.guard()``
    raises this error instead, also where a lifted transform such as ``nn.scan`` was given the stream
    and does not pass it on.

    Give the stream: ``rngs=streams.rngs(step)``, or a dictionary that holds it.
    """

    code = "KS401"


def by_code() -> dict[str, type[KeystreamError]]:
    """Every error class of the library by its code, in the order of the codes."""
    return {cls.code: cls for cls in sorted(KeystreamError.__subclasses__(), key=lambda c: c.code)}
