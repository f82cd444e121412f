"""Streams beside a train state in an Orbax checkpoint."""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import jax

from keystream._checkpoint.checksum import checksums, kind_of, leaves_of
from keystream._checkpoint.record import Record, agreed, check_step, damaged, read, write
from keystream._checkpoint.within import check_within, texts_within
from keystream._extras import require
from keystream._streams import Streams, check_streams
from keystream.errors import (
    CheckpointNotSavedError,
    RestoredStateMismatchError,
    ValueOutOfRangeError,
)

if TYPE_CHECKING:
    import orbax.checkpoint as ocp

STATE: Final = "state"
STREAMS: Final = "streams"
_SAVE: Final = "keystream.checkpoint.save"
_RESTORE: Final = "keystream.checkpoint.restore"
_NO_DIRECTORY: Final = "start from step 0, or name the directory that has one"

Place = Any  # a CheckpointManager, or a directory


class Restored(NamedTuple):
    """What a checkpoint held.

    Attributes:
        step: the number of steps done: go on with this one.
        state: the train state, in the structure and shardings that were asked for.
        streams: the streams.
    """

    step: int
    state: Any
    streams: Streams


class DamagedCheckpointWarning(UserWarning):
    """A damaged checkpoint was passed over for the one before it."""


def save_args(step: int, state: Any, streams: Streams, **items: Any) -> ocp.args.Composite:
    """What to save at a step with a ``CheckpointManager`` of your own.

    Args:
        step: the number of steps done.
        state: a pytree of arrays.
        streams: the streams of the run.
        items: further items, as ``ocp.args`` have them.

    Returns:
        Arguments for ``manager.save(step, args=...)``.

    Raises:
        ValueOutOfRangeError: KS002, the step is not an integer in [0, steps), or there is no state.
        MissingExtraError: KS007, Orbax is not installed.
    """
    ocp = _orbax(_SAVE)
    check_streams(streams, _SAVE)
    leaves = leaves_of(state)
    if not leaves:
        raise ValueOutOfRangeError(
            f"the state has no array in it: {state!r:.60}",
            where=_SAVE,
            why="Orbax saves no empty item, and a run without a state needs no checkpoint but its step",
            fix='pass the train state, a pytree of arrays: {"params": params, "opt": opt_state}',
        )
    kinds = {path: kind_of(leaf) for path, leaf in leaves.items()}
    details = {
        "kinds": kinds,
        "checksums": checksums(leaves),
        "streams": texts_within(state),
    }
    record = write(step, streams, details, _SAVE)
    own = {STATE: ocp.args.StandardSave(state), STREAMS: ocp.args.JsonSave(record)}
    return ocp.args.Composite(**own, **items)


def save(to: Place, step: int, state: Any, streams: Streams, **items: Any) -> bool:
    """Save a train state and its streams at a step.

    With a manager it is saved as the manager does it: in the background where that is asynchronous, and
    only at steps that its policy wants. With a directory it is on disk when the call returns. In a run
    of several processes all of them call it.

    Args:
        to: an ``orbax.checkpoint.CheckpointManager``, or a directory.
        step: the number of steps done, which is the step to go on with.
        state: a pytree of arrays.
        streams: the streams of the run. Their seeds, names, implementation, layout and ranges are
            written, and a checksum of each array.
        items: further items, as ``ocp.args`` have them.

    Returns:
        Whether the manager saved at this step.

    Raises:
        ValueOutOfRangeError: KS002, the step is not an integer in [0, steps), or there is no state.
        MissingExtraError: KS007, Orbax is not installed.
        CheckpointNotSavedError: KS012, it can't be written, or the save before it, in the background,
            could not. Of the last save ``manager.wait_until_finished()`` raises Orbax's own error. The
            checkpoints before stay as they are.

    Example:
        >>> import tempfile
        >>> import jax.numpy as jnp
        >>> import keystream as ks
        >>> streams = ks.Streams(0, "params", "dropout")
        >>> directory = tempfile.mkdtemp()
        >>> ks.checkpoint.save(directory, 120, {"w": jnp.ones(3)}, streams)
        True
        >>> ks.checkpoint.restore(directory, {"w": jnp.zeros(3)}, streams)
        Restored(step=120, state={'w': Array([1., 1., 1.], dtype=float32)}, \
streams=Streams(0, 'params', 'dropout'))
    """
    check_streams(streams, _SAVE)
    check_step(step, streams, _SAVE)
    with _manager(to, _SAVE) as manager:
        if not manager.should_save(step):
            return False
        args = save_args(step, state, streams, **items)
        try:
            return bool(manager.save(step, args=args))
        except Exception as error:  # Orbax and TensorStore raise what they find, some of it bare
            raise _not_saved(error, step, manager) from error


def restore(
    source: Place,
    state: Any,
    streams: Streams | None,
    *,
    step: int | None = None,
    skip_damaged: bool = False,
) -> Restored:
    """Restore a train state, and check that the streams are those that it was saved with.

    Guarantee: what is returned is what was saved, bit for bit, or an error says what is not; the
    checkpoint on disk stays as it is.

    Args:
        source: an ``orbax.checkpoint.CheckpointManager``, or a directory.
        state: a pytree of arrays or ``jax.ShapeDtypeStruct``, for structure, dtypes and shardings. It
            may lie on another mesh than the one that was saved; what has no sharding is put on the
            first device.
        streams: the streams as they are declared now; None takes them as they were saved.
        step: which checkpoint; None is the newest.
        skip_damaged: pass over checkpoints that are damaged, with a warning, and take the newest one
            that is whole. Steps after it are done again, with the same keys. Other streams than
            those that were saved are an error all the same.

    Returns:
        The step to go on with, the state and the streams.

    Raises:
        RestoredStateMismatchError: KS005, there is no checkpoint, or it is damaged, or its streams
            or the kinds of its arrays are not those given here; both sides are named.
        MissingExtraError: KS007, Orbax is not installed.
    """
    if streams is not None:
        check_streams(streams, _RESTORE)
    with _manager(source, _RESTORE) as manager:
        where = f"{_RESTORE} · {manager.directory}"
        steps = sorted(manager.all_steps(), reverse=True)
        candidates = _candidates(steps, step, where)
        for place, candidate in enumerate(candidates):
            here = f"{where} · step {candidate}"
            try:
                record = _read_record(manager, candidate, here)
                chosen = agreed(record, streams, where)
                _check_kinds(record, state, here)
                check_within(record.details["streams"], state, here)
                return Restored(record.step, _read_state(manager, record, state), chosen)
            except _DamagedError as error:
                earlier = candidates[place + 1 :]
                if not (skip_damaged and earlier):
                    whole = [each for each in steps if each < candidate]
                    raise damaged(str(error), here, _remedy(whole)) from error.__cause__
                text = f"step {candidate} is passed over for step {earlier[0]}: {error}"
                warnings.warn(text, DamagedCheckpointWarning, stacklevel=2)
    raise AssertionError("the last candidate is returned, or raises")


class _DamagedError(Exception):
    """A checkpoint can't be read; another one may be whole."""


def _candidates(steps: list[int], step: int | None, where: str) -> list[int]:
    """The checkpoints to try, newest first."""
    if step is None and steps:
        return steps
    if step in steps:
        return [each for each in steps if each <= step]
    shown = ", ".join(map(str, reversed(steps))) or "none"
    raise damaged(
        "there is no checkpoint" + ("" if step is None else f" of step {step}"),
        f"{where} · there: {shown}",
        "name one of those that are there" if steps else _NO_DIRECTORY,
    )


def _remedy(earlier: list[int]) -> str:
    if not earlier:
        return "there is none before it: restore a copy, or start from step 0"
    return (
        f"restore the one before it: restore(..., step={earlier[0]}); with skip_damaged=True that"
        " happens by itself"
    )


def _read_record(manager: Any, step: int, where: str) -> Record:
    ocp = _orbax(_RESTORE)
    args = ocp.args.Composite(**{STREAMS: ocp.args.JsonRestore()})
    stored = _reading(manager, step, args, "its streams").get(STREAMS)
    try:
        record = read(stored, where)
    except RestoredStateMismatchError as error:
        raise _DamagedError(error.what) from error
    if record.step != step:
        raise _DamagedError(
            f"the record is that of step {record.step}, the directory's name {step}"
        )
    return record


def _check_kinds(record: Record, state: Any, where: str) -> None:
    """Refuse a template whose arrays are of another kind: Orbax would cast them in silence."""
    saved = record.details["kinds"]
    here = {path: kind_of(leaf) for path, leaf in leaves_of(state).items()}
    for path in dict.fromkeys([*saved, *here]):
        sides = saved.get(path, "nothing"), here.get(path, "nothing")
        if sides[0] != sides[1] and not _is_number(*sides):
            raise RestoredStateMismatchError(
                f"{path!r} differs: {sides[0]} saved, {sides[1]} here",
                where=where,
                why="restored into another structure, dtype or implementation, the state is not the"
                " one that was saved",
                fix="pass a state like the one that was saved, and convert what is restored",
            )


def _is_number(*kinds: str) -> bool:
    """Whether each is a scalar: Orbax restores Python's numbers and NumPy's for each other."""
    return all(
        kind in ("int", "float", "bool") or kind.endswith("[]") for kind in kinds
    ) and not any(kind.startswith("key") for kind in kinds)


def _read_state(manager: Any, record: Record, state: Any) -> Any:
    ocp = _orbax(_RESTORE)
    template = jax.tree.map(ocp.utils.to_shape_dtype_struct, jax.tree.map(_placed, state))
    args = ocp.args.Composite(**{STATE: ocp.args.StandardRestore(template)})
    restored = _reading(manager, record.step, args, "its state")[STATE]
    leaves, kinds = leaves_of(restored), record.details["kinds"]
    for path, leaf in leaves.items():
        if kind_of(leaf) != kinds[path] and not _is_number(kind_of(leaf), kinds[path]):
            raise _DamagedError(
                f"array {path!r} came back as {kind_of(leaf)}, not as {kinds[path]}"
            )
    same_kind = {path: leaf for path, leaf in leaves.items() if kind_of(leaf) == kinds[path]}
    for path, sums in checksums(same_kind).items():
        if sums != record.details["checksums"][path]:
            raise _DamagedError(f"array {path!r} is not what was saved: its checksum differs")
    return restored


def _not_saved(error: Exception, step: int, manager: Any) -> CheckpointNotSavedError:
    whole = max(manager.all_steps(), default=None)
    reason = " ".join(str(error).split())
    # TensorStore names each layer that the disk's own words came through: those come last.
    reason = reason.rpartition('": ')[2] or reason
    return CheckpointNotSavedError(
        f"step {step} was not saved: {type(error).__name__}: {reason[:200]}",
        where=f"{_SAVE} · {manager.directory}",
        why="a crash now would throw the run back to "
        + ("its start" if whole is None else f"step {whole}, the newest checkpoint that is whole"),
        fix="see to that reason (make room, let the process write there), and save again",
    )


def _placed(leaf: Any) -> Any:
    """An abstract array without a sharding, on the first device: Orbax would ask for the old mesh."""
    if not isinstance(leaf, jax.ShapeDtypeStruct) or leaf.sharding is not None:
        return leaf
    first = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=first)


def _reading(manager: Any, step: int, args: Any, what: str) -> Any:
    try:
        return manager.restore(step, args=args)
    except Exception as error:  # Orbax and TensorStore raise what they find, some of it bare
        lines = str(error).splitlines() or [""]
        reason = f"{type(error).__name__}: {lines[0][:160]}"
        raise _DamagedError(f"{what} can't be read: {reason}") from error


@contextmanager
def _manager(place: Place, purpose: str) -> Generator[Any]:
    """The manager that was given, or one of a directory, without a thread of its own."""
    ocp = _orbax(purpose)
    if not isinstance(place, (str, os.PathLike)):
        yield place
        return
    options = ocp.CheckpointManagerOptions(
        enable_async_checkpointing=False, create=purpose == _SAVE, cleanup_tmp_directories=False
    )
    directory = Path(place).absolute()  # Orbax takes no relative paths
    if purpose == _RESTORE and not directory.is_dir():
        raise damaged("there is no checkpoint", f"{purpose} · {directory}", _NO_DIRECTORY)
    try:
        opened = ocp.CheckpointManager(directory, options=options)
    except OSError as error:
        raise CheckpointNotSavedError(
            f"{directory} can't be made: {error.strerror or error}",
            where=purpose,
            why="checkpoints are saved in a directory of their own",
            fix="name a directory that can be written to",
        ) from error
    with opened as manager:
        yield manager


def _orbax(purpose: str) -> Any:
    return require("orbax.checkpoint", purpose=purpose)
