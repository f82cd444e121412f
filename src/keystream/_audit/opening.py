"""The door opens, and observers are set up, as soon as the program has imported JAX."""

from __future__ import annotations

import inspect
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from keystream._audit import observers
from keystream._audit.beginnings import Beginnings
from keystream._audit.imports import when_imported
from keystream._audit.lines import Lines
from keystream._audit.observers import generators
from keystream._audit.recording import Recording
from keystream._audit.window import Gate
from keystream.errors import UntestedJaxError

if TYPE_CHECKING:
    from keystream._audit.recorder import Recorder


class Opening:
    """Watches a program from `start` to `close`; JAX is looked at from its import on.

    Args:
        recording: gets what is seen.
        gate: says what lies in the part of the run that is audited.

    Attributes:
        beginnings: notes where generators of NumPy and Python begin at a seed.
        recorder: what looks at JAX; None until the program has imported it.
        lines: what notes which lines of the user's run.
        refused: why JAX can't be looked at, once the program has imported it; nothing is recorded.
    """

    def __init__(self, recording: Recording, gate: Gate) -> None:
        self.recording = recording
        self.gate = gate
        self.recorder: Recorder | None = None
        self.lines = Lines()
        self.refused: UntestedJaxError | None = None
        self._step: int | None = None
        self.beginnings = Beginnings(
            recording.begun, lambda: gate.stage == "inside", lambda: self._step
        )
        self._undo: list[Callable[[], None]] = []
        self._loaded: list[str] = []  # observers of libraries that were imported before JAX was

    def start(self) -> None:
        """Begin to watch.

        Raises:
            UntestedJaxError: JAX is there already, and can't be looked into (KS011).
        """
        generators.install(self, self._undo)
        for library, observer in observers.OBSERVERS.items():
            if library not in sys.modules:
                self._undo.append(when_imported(library, lambda name=observer: self._found(name)))
            else:
                self._loaded.append(observer)
        try:
            self._undo.append(when_imported("jax", self._open))
            self.lines.start(inspect.currentframe())
        except BaseException:
            self.close()
            raise

    def _found(self, observer: str) -> None:
        """A library has been imported: observe it, now or when JAX is there."""
        if self.recorder is None:
            self._loaded.append(observer)
        else:
            observers.observe(observer, self.recorder, self._undo)

    def _open(self) -> None:
        """JAX has just been imported.

        What our own modules import of it may draw too; the program's generators stay where they are.
        """
        states = np.random.get_state(legacy=False), random.getstate()
        try:
            from keystream import _jax_door as door  # noqa: PLC0415  # they import JAX
            from keystream._audit.recorder import Recorder  # noqa: PLC0415

            recorder = Recorder(self.recording, self.gate)
            recorder.step = self._step
            self._undo.append(door.open_door(recorder))
            self.recorder = recorder
            for observer in self._loaded:
                observers.observe(observer, recorder, self._undo)
            self._loaded.clear()
        except UntestedJaxError as error:
            self.refused = error
            raise
        finally:
            np.random.set_state(states[0])
            random.setstate(states[1])

    # What generators of the host are told of, which the program may make before it imports JAX.

    def host(self, name: str) -> None:
        """The host's randomness is asked for while JAX traces."""
        if self.recorder is not None:
            self.recorder.host(name)

    def note(self, kind: str) -> None:
        """Something happened at a line of the user's."""
        if self.recorder is not None:
            self.recorder.note(kind)

    def unseen_call(self, reason: str) -> None:
        """Something could not be looked into."""
        if self.recorder is not None:
            self.recorder.unseen_call(reason)

    def step(self, number: int) -> None:
        """The program says that a step begins."""
        self._step = number
        self.gate.say(number)
        if self.recorder is not None:
            self.recorder.step = number

    def close(self) -> None:
        """Put everything back as it was; what is still on the device stays there until it is read."""
        self.lines.close()
        while self._undo:
            self._undo.pop()()

    def finish(self, *, wait: bool = True) -> None:
        """Put all that was seen into the recording; with `wait`, also what is still computed."""
        if self.recorder is not None:
            self.recorder.finish(wait=wait)

    def so_far(self) -> Recording:
        """What was seen so far, as a recording of its own."""
        if self.recorder is None:
            return replace(self.recording, evidence={})
        return self.recorder.so_far()
