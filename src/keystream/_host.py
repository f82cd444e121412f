"""Randomness on the host from the same names: NumPy, Python, and the order of an epoch.

Nothing here loads JAX, so a data loader's worker process that unpickles `HostStreams` needs none.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

import numpy as np

from keystream import _threefry
from keystream._counter import counter
from keystream._declaration import Declaration
from keystream._names import as_integer, check_range
from keystream._permutation import Permutation

__all__ = ["HostStreams", "Permutation"]

_WHY: Final = "a key on the host is made of numbers that are known; a traced one is not"


class HostDraws:
    """What `Streams` and `HostStreams` draw on the host."""

    __slots__ = ()

    def host(self) -> HostStreams:
        """The same streams without JAX."""
        raise NotImplementedError

    def numpy(self, name: str, step: Any, **coordinates: Any) -> np.random.Generator:
        """A NumPy generator of a name, to draw from in data loading, augmentation or evaluation.

        Guarantee: distinct names have distinct generators, since the name's key is Philox's key. The
        words that its bit generator makes never change within a layout; what NumPy's methods make
        of them (``normal``, ``permutation``) is fixed by the version of NumPy.

        Args:
            name: a declared stream.
            step: an integer in [0, steps - 1), not traced.
            coordinates: values in [0, size) of declared coordinates; those left out are 0.

        Returns:
            A new ``numpy.random.Generator`` over ``Philox``, at its start.

        Raises:
            UndeclaredStreamError: KS001, the stream or a coordinate is not declared.
            ValueOutOfRangeError: KS002, a value is out of range or not an integer.
            UnsupportedKeyError: KS006, the streams are traced.

        Example:
            >>> import keystream as ks
            >>> generator = ks.Streams(0, "augment").numpy("augment", 120)
            >>> generator.bit_generator.random_raw()
            11947266272349219269

        Source:
            Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC'11): Philox-4x64.
        """
        words = self.host().words("Streams.numpy", name, step, coordinates)
        padded = [*words, *(0 for _ in range(4 - len(words)))]
        key = np.array([padded[0] << 32 | padded[1], padded[2] << 32 | padded[3]], np.uint64)
        return np.random.Generator(np.random.Philox(key=key))

    def python(self, name: str, step: Any, **coordinates: Any) -> random.Random:
        """A ``random.Random`` of a name: for code that draws with Python's own module.

        Guarantee: the same name gives the same generator in every process. Python keeps the sequence of
        ``random()`` for a seed; other methods may change with its version.

        Args:
            name: a declared stream.
            step: as in `numpy`.
            coordinates: as in `numpy`.

        Returns:
            A new generator, seeded with the words of the name's key as one integer.

        Raises:
            KeystreamError: as `numpy` does.
        """
        words = self.host().words("Streams.python", name, step, coordinates)
        return random.Random(sum(word << 32 * place for place, word in enumerate(reversed(words))))

    def permutation(self, name: str, step: Any, n: int, **coordinates: Any) -> Permutation:
        """The order of n things at a step, such as the rows of a data set in an epoch.

        Guarantee: a function of name, step and n alone: no state to save, and the same in every
        process and worker, each of which takes its part of it.

        Args:
            name: a declared stream.
            step: as in `numpy`; usually the epoch.
            n: how many, in [0, 2**62].
            coordinates: as in `numpy`.

        Returns:
            A `Permutation`.

        Raises:
            KeystreamError: as `numpy` does; KS002 also where `n` is not such an integer.
        """
        words = self.host().words("Streams.permutation", name, step, coordinates)
        key = words[:2]
        for place in range(2, len(words), 2):
            key = _block(key, words[place : place + 2])
        return Permutation((key[0], key[1]), n)


class HostStreams(HostDraws):
    """`Streams` for processes without JAX: the workers of a data loader.

    Made by ``streams.host()``; it is small, pickles, and draws what `Streams` draws. Only streams of an
    implementation other than ``threefry2x32`` load JAX, to derive their keys.

    Args:
        declaration: what is declared.
        roots: the words of the root keys, uint32[R, W].
    """

    __slots__ = ("_declaration", "_roots")

    def __init__(self, declaration: Declaration, roots: np.ndarray) -> None:
        self._declaration = declaration
        self._roots = roots

    def host(self) -> HostStreams:
        """These streams."""
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The declared streams, in order."""
        return self._declaration.names

    def words(
        self, call: str, name: str, step: Any, coordinates: Mapping[str, Any]
    ) -> tuple[int, ...]:
        """The words of a name's key, those of ``jax.random.key_data(streams.key(name, step))``."""
        declaration = self._declaration
        declaration.check_stream(name, call)
        declaration.check_coordinates(coordinates, call)
        checked = _check(step, "step", declaration.last_step, call)
        values = {
            coordinate: _check(
                value, f"coordinate {coordinate}", declaration.sizes[coordinate], call
            )
            for coordinate, value in coordinates.items()
        }
        name_counter = counter(declaration.id_of(name), declaration.radix.pack(checked, values))
        root = self._roots[declaration.place[name] if declaration.own_roots else 0]
        if declaration.impl == "threefry2x32":
            return _block(tuple(root.tolist()), name_counter)
        from keystream._derive import children  # noqa: PLC0415  # loads JAX, which others need not

        high, low = (np.array([word], np.uint32) for word in name_counter)
        words = np.asarray(children(root[None], (high, low), declaration.impl))
        return tuple(words[0].tolist())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HostStreams):
            return NotImplemented
        same = self._declaration == other._declaration
        return same and np.array_equal(self._roots, other._roots)

    def __hash__(self) -> int:
        return hash(self._declaration)

    def __reduce__(self) -> tuple[Any, ...]:
        # Field by field: what a declaration has cached holds hashes of text, which differ by process.
        values = tuple(getattr(self._declaration, field.name) for field in fields(Declaration))
        return _rebuild, (values, self._roots)

    def __repr__(self) -> str:
        return f"HostStreams({', '.join(map(repr, self.names))})"


def _rebuild(values: tuple[Any, ...], roots: np.ndarray) -> HostStreams:
    return HostStreams(Declaration(*values), roots)


def _check(value: Any, what: str, bound: int, call: str) -> int:
    integer = as_integer(value, what, call, _WHY)
    check_range(integer, what, bound, call)
    return integer


def _block(key: tuple[int, ...], pair: tuple[int, ...]) -> tuple[int, ...]:
    """One Threefry block of plain integers."""
    words = [np.array([word], np.uint32) for word in (*key, *pair)]
    high, low = _threefry.block((words[0], words[1]), (words[2], words[3]))
    return int(high[0]), int(low[0])
