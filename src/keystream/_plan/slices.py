"""A slice as a compiled function: what is wanted of the sites, as one vector that the host reads."""

from __future__ import annotations

from collections.abc import Sequence
from threading import RLock
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from keystream._plan import census, evaluate, marking
from keystream._plan.marking import Wants
from keystream._plan.regions import Region
from keystream._plan.site import Observed

_FIELDS = ("keys", "children", "data", "ran", "missed")


class Slice:
    """Computes what is wanted of the sites of a program.

    Args:
        program: the tree of regions; it is marked anew for each slice that is traced.
        wants: of each site what is observed.
        lock: of the tree.

    Attributes:
        inputs: the flat inputs of the program that are read.
        unread: the sites that were wanted and are not observed, known once the slice is traced.
    """

    def __init__(self, program: Region, wants: Wants, lock: RLock) -> None:
        self._program, self._wants, self._lock = program, wants, lock
        self.unread: set[int] = set()
        self._layout: list[tuple[int, str, tuple[int, ...], int]] = []
        self._call = jax.jit(self._words)
        with lock:
            self.inputs = tuple(sorted(marking.mark(program, wants)))

    @property
    def nbytes(self) -> int:
        """Of the values that one run makes; 0 before the first."""
        return 4 * self._layout[-1][3] if self._layout else 0

    def dispatch(self, inputs: Sequence[Any]) -> Pending:
        """Start on a call's flat inputs; nothing waits for the device.

        Args:
            inputs: every flat input of the program, as it is called.
        """
        return Pending(self, self._call([inputs[place] for place in self.inputs]))

    def _words(self, chosen: list[Any]) -> jax.Array:
        """One vector of words, for the host reads one array faster than many."""
        given = dict(zip(self.inputs, chosen, strict=True))
        with self._lock:
            marking.mark(self._program, self._wants)
            _, seen = evaluate.run(self._program, given, evaluate.Around(self._wants))
            self.unread = census.unread(self._program, self._wants, seen)
        layout: list[tuple[int, str, tuple[int, ...], int]] = []
        parts: list[jax.Array] = []
        end = 0
        for number, name in (
            (n, name) for n in sorted(seen) for name in _FIELDS if name in seen[n]
        ):
            value = jnp.asarray(seen[number][name])
            signed = name == "data" and jnp.issubdtype(value.dtype, jnp.signedinteger)
            end += value.size
            layout.append((number, "signed" if signed else name, value.shape, end))
            parts.append(value.astype(np.uint32).reshape(-1))
        self._layout = layout
        return jnp.concatenate(parts) if parts else jnp.zeros(0, np.uint32)

    def read(self, words: NDArray[np.uint32]) -> list[Observed]:
        """The values of each site, of the words that a run made.

        Args:
            words: ``(..., n)``; what is observed of several calls gets the same leading axes.
        """
        found: list[Observed] = []
        start, calls = 0, words.shape[:-1]
        for number, name, shape, end in self._layout:
            value = words[..., start:end].reshape((*calls, *shape))
            start = end
            if name == "keys":
                found.append(Observed(number, value))
            elif name == "missed":
                found[-1].missed = int(value.astype(np.int64).sum())
            elif name == "ran":
                found[-1].ran = value.astype(np.bool_)
            elif name == "data":
                found[-1].data = value.astype(np.int64)
            elif name == "signed":
                found[-1].data = value.view(np.int32).astype(np.int64)
            else:
                found[-1].children = value
        return found


class Pending:
    """The values of a slice that has been dispatched.

    Attributes:
        words: uint32, on the device.
    """

    __slots__ = ("_slice", "words")

    def __init__(self, slice_: Slice, words: jax.Array) -> None:
        self._slice = slice_
        self.words = words

    @property
    def nbytes(self) -> int:
        """What reading them moves to the host."""
        return self._slice.nbytes

    def is_ready(self) -> bool:
        """Whether reading them waits for nothing."""
        return bool(getattr(self.words, "is_ready", lambda: True)())

    def read(self) -> list[Observed]:
        """The values, by site."""
        return self._slice.read(np.asarray(jax.device_get(self.words)))
