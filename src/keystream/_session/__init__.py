"""`keystream.audit()`: the audit of a part of a program, from within; and its marks for steps.

- `running`: one audit from its start to its conclusion, and what it knows so far;
- `keeper`: a thread that saves the record meanwhile, ends an audit in time, and shows how it goes;
- `signals`: the report of a program that is stopped from outside.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager

from keystream._audit.frames import libraries_counting
from keystream._audit.window import Window
from keystream._session.keeper import Keeper
from keystream._session.running import Audit, File, Files, Running
from keystream._session.window import checked
from keystream.errors import ValueOutOfRangeError

__all__ = ["Audit", "File", "audit", "audited", "step"]

_running: list[Running] = []


def audit(
    program: str = "",
    *,
    record: File | None = None,
    after: File | Sequence[File] = (),
    include_libraries: bool = False,
    from_step: int | None = None,
    steps: int | None = None,
    seconds: float | None = None,
    until_finding: bool = False,
) -> AbstractContextManager[Audit]:
    """Record every use of a key inside the block, and judge the recording when it ends.

    The block runs as it would without; compiled programs stay as they are. JAX is looked into as soon
    as it is imported, by the block or before it, and never imported by the audit itself.

    An audit of a part of the block ends by itself: JAX is then as it was, and the block goes on.

    Args:
        program: a name for the report.
        record: a Parquet file to save what was seen in, also when the block ends by an exception. It
            is saved now and then while the block runs, so that a killed process leaves it.
        after: records of earlier runs that this one goes on from: drawing from their keys again is
            KS202.
        include_libraries: whether installed libraries, JAX aside, are judged like the user's code. A
            mistake with no line of the user's is a note otherwise.
        from_step: the first step that is audited, as `step` says it or from 0; None for the start.
        steps: how many steps are audited; None for all.
        seconds: how long the audit lasts at most; None for the whole block.
        until_finding: whether the audit ends with the first error or warning.

    Returns:
        A context, to enter with ``with``. It gives the audit, whose `report` is there when the audit
        has ended, also by an exception; ``print(audit.report)`` shows it as a terminal does.

    Raises:
        ValueOutOfRangeError: a part of the block is asked for that there can't be (KS002).
        UntestedJaxError: this version of JAX can't be looked into (KS011); raised by the block's own
            import of JAX where that comes first.
        MissingExtraError: `record` or `after` needs pyarrow (KS007).
        RecordNotSavedError: the record can't be written (KS013): before the block runs where that can
            be known, else after it, when the report is there.
        RestoredStateMismatchError: an earlier record can't be read (KS005).
    """
    window = checked(Window(from_step, steps, seconds, until_finding))
    return _audit(program, Files.of(record, after), window, include_libraries)


@contextmanager
def _audit(
    program: str, files: Files, window: Window, include_libraries: bool
) -> Generator[Audit, None, None]:
    looks = files.record is not None or window.until_finding
    with audited(program, files, window, include_libraries) as running:
        if looks or window.seconds is not None:
            with Keeper(running, looks=looks):
                yield running.audit
        else:
            yield running.audit


@contextmanager
def audited(
    program: str, files: Files, window: Window, include_libraries: bool
) -> Generator[Running, None, None]:
    """An audit of the block, with all that can be done to it."""
    files.check()
    running = Running(program, files, window)
    with libraries_counting(include_libraries):
        running.opening.start()
        _running.append(running)
        try:
            yield running
        except BaseException as error:
            if isinstance(error, Exception):
                running.opening.recording.error = error
            _end(running)
            if running.not_saved is not None:
                error.add_note(str(running.not_saved))
            raise
        _end(running)
    if running.not_saved is not None:
        raise running.not_saved


def _end(running: Running) -> None:
    _running.remove(running)
    running.conclude()


def step(number: int) -> None:
    """Tell a running audit that step `number` begins; without an audit, nothing happens.

    Args:
        number: shown in findings in place of the ordinal that the audit would count itself.

    Raises:
        ValueOutOfRangeError: KS002, it is not a number; of an array that is known only when an audit
            runs, since reading it waits for the device.
    """
    if not hasattr(type(number), "__int__"):
        raise _not_a_step(number)
    for running in _running:
        try:
            running.opening.step(int(number))
        except (TypeError, ValueError, OverflowError) as error:
            raise _not_a_step(number) from error


def _not_a_step(number: object) -> ValueOutOfRangeError:
    shown = " ".join(repr(number).split())
    return ValueOutOfRangeError(
        f"{type(number).__name__} {shown:.60} is not the number of a step",
        where="ks.step",
        why="findings are told by the steps of your loop",
        fix="call it in the loop, outside jit: ks.step(step), with an integer",
    )
