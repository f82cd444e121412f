"""`Streams`: named, stateless keys. A key is a name: (stream, step, coordinates)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from keystream import _stored
from keystream._counter import LAYOUT, WORD
from keystream._declaration import Declaration, declare
from keystream._derive import check_one, derivation
from keystream._describe import as_table, describe, represent
from keystream._host import HostDraws, HostStreams
from keystream._identify import Identity, identify
from keystream._integers import check_integer
from keystream._names import as_integer
from keystream._roots import MISSING, read_roots, read_sources
from keystream.errors import UnsupportedKeyError, ValueOutOfRangeError

__all__ = ["Identity", "Streams"]


@jax.tree_util.register_pytree_with_keys_class
class Streams(HostDraws):
    """Named streams of keys, derived from a seed by name: no state, no counter, no split.

    Guarantee: for one root, distinct (stream, step, coordinates) in the declared ranges give distinct
    keys, because their packing into Threefry's 64-bit counter is injective and the block a bijection;
    and none equals a child that JAX makes of that root (``fold_in(root, i)``, ``split(root, n)[i]``
    with ``jax_threefry_partitionable=True``). Of keys under different roots, of batches (`keys`) and
    of children folded below a derived key, equality has probability 2**-64 a pair. Using one name twice
    is using one key twice. Bits never change within a layout: not with the JAX version, the device,
    ``jax_enable_x64`` or any other flag.

    `Streams` is a pytree: the words of the root keys are its one leaf, names and ranges are static.
    Pass it into a jitted function as an argument; another seed does not retrace.

    Args:
        source: a seed in [0, 2**32) for all streams; a root key to adopt (typed scalar, or legacy
            ``uint32[2]``); or a mapping of stream names to seeds or keys, one each.
        names: the streams: printable text without ``/``, none of it an option's name. A source without
            names serves ``params`` alone.
        coordinates: name and size of each further part of a key's name, such as
            ``{"microbatch": 64}``. Sizes are in [1, 2**32]; steps times all sizes is at most 2**44.
        steps: how many values the step has, the last one kept for ``init``; in [2, 2**32].
        ids: ids in [1, 2**20) in place of a name's hash, to part two names that clash.
        init: the streams for ``init`` alone, which `rngs` leaves out; ``params`` by default.
        impl: the key implementation, ``threefry2x32`` by default. Others are derived by a chain of
            ``fold_in``, without the guarantee; ``unsafe_rbg`` is refused.
        layout: the version of the counter's layout.
        seeds: ``Streams(params=0, dropout=1)`` is ``Streams({"params": 0, "dropout": 1})``.

    Raises:
        UndeclaredStreamError: KS001, ``ids`` or ``init`` names a stream that is not declared.
        ValueOutOfRangeError: KS002, a seed, name, size or id is not what it must be.
        StreamIdClashError: KS003, two streams would have one id.
        RestoredStateMismatchError: KS005, the layout is not known to this version.
        UnsupportedKeyError: KS006, a key of wrong shape, or of an implementation that is refused.
        TwinSeedsError: KS009, two streams have one seed.

    Example:
        >>> import keystream as ks
        >>> streams = ks.Streams(0, "params", "dropout", "noise")
        >>> sorted(streams.init_rngs())
        ['dropout', 'noise', 'params']
        >>> sorted(streams.rngs(120))
        ['dropout', 'noise']
        >>> print(streams.identify(streams.key("noise", 120)))
        noise, step 120 (a foreign key matches with chance 7e-10)
    """

    __slots__ = ("_declaration", "_roots")
    _declaration: Declaration
    _roots: jax.Array

    def __init__(
        self,
        source: Any = MISSING,
        /,
        *names: str,
        coordinates: Mapping[str, int] | None = None,
        steps: int = WORD,
        ids: Mapping[str, int] | None = None,
        init: Iterable[str] | None = None,
        impl: str | None = None,
        layout: int = LAYOUT,
        **seeds: Any,
    ) -> None:
        sources, own_roots, single = read_sources(source, names, seeds)
        words, chosen_impl = read_roots(sources, impl)
        declaration = declare(
            sources if own_roots else (names or ("params",)),
            coordinates=coordinates,
            steps=steps,
            ids=ids,
            init=init,
            impl=chosen_impl,
            layout=layout,
            own_roots=own_roots,
            single=single,
        )
        _fill(self, declaration, words)

    @property
    def names(self) -> tuple[str, ...]:
        """The declared streams, in order."""
        return self._declaration.names

    @property
    def roots(self) -> jax.Array:
        """The words of the root keys, uint32[1, W], or [streams, W] with per-stream seeds."""
        return self._roots

    @property
    def declaration(self) -> Declaration:
        """The static half: names, ids, ranges, implementation, namespace."""
        return self._declaration

    def key(self, name: str, step: Any, **coordinates: Any) -> jax.Array:
        """The key of a name: one stream at one step, and coordinates.

        Args:
            name: a declared stream.
            step: an integer in [0, steps - 1), Python's, NumPy's, or a JAX scalar, traced or not. Of
                a JAX scalar only the dtype is checked; a value out of range then gives a key that is
                no name's.
            coordinates: values in [0, size) of declared coordinates; those left out are 0.

        Returns:
            A typed key, scalar.

        Raises:
            UndeclaredStreamError: KS001, the stream or a coordinate is not declared.
            ValueOutOfRangeError: KS002, a value is out of range, not an integer, or not a scalar.
            SingleKeyGivenError: KS008, the streams were made of a single key without names.
        """
        self._declaration.check_stream(name, "Streams.key")
        integers = self._integers("Streams.key", step, coordinates)
        call = derivation(self._declaration, (name,), tuple(coordinates))
        return call(self._roots, *integers)[0]

    def keys(self, name: str, step: Any, n: int, **coordinates: Any) -> jax.Array:
        """A batch of keys of one name, for ``vmap``.

        Guarantee: distinct within the batch, and from every child that JAX makes of
        ``key(name, step)``; a longer batch begins with the shorter one.

        Args:
            name: a declared stream.
            step: as in `key`.
            n: how many, a Python integer in [0, 2**32).
            coordinates: as in `key`.

        Returns:
            Typed keys of shape (n,).

        Raises:
            KeystreamError: as `key` does.
        """
        self._declaration.check_stream(name, "Streams.keys")
        why = "n says how many keys are made: it is the length of the result"
        count = as_integer(n, "n", "Streams.keys", why)
        if not 0 <= count < WORD:
            raise ValueOutOfRangeError(
                f"n {count} is outside [0, 2**32)",
                where="Streams.keys",
                why=why,
                fix="pass n in that range",
            )
        integers = self._integers("Streams.keys", step, coordinates)
        call = derivation(self._declaration, (name,), tuple(coordinates), False, count)
        return call(self._roots, *integers)[0]

    def rngs(self, step: Any, **coordinates: Any) -> dict[str, jax.Array]:
        """The keys of every run-time stream at a step, as Flax's ``apply(..., rngs=...)`` takes them.

        Streams for ``init`` alone are left out, so that no other stream can fall back to them.

        Args:
            step: as in `key`.
            coordinates: as in `key`.

        Returns:
            A dictionary of typed scalar keys; empty where all streams are for ``init``.

        Raises:
            KeystreamError: as `key` does.
        """
        names = self._declaration.runtime
        integers = self._integers("Streams.rngs", step, coordinates)
        if not names:
            return {}
        keys = derivation(self._declaration, names, tuple(coordinates))(self._roots, *integers)
        return {name: keys[place] for place, name in enumerate(names)}

    def init_rngs(self, **coordinates: Any) -> dict[str, jax.Array]:
        """The keys of every stream for ``init``, at the step that no run-time key has.

        With per-stream seeds these are the seeds' own keys (those of ``PRNGKey(seed)``), so that Flax
        code moves over without a changed weight; in a child, or at coordinates other than 0, they
        are derived.

        Args:
            coordinates: as in `key`, for one initialisation a replica, say.

        Returns:
            A dictionary of typed scalar keys.

        Raises:
            KeystreamError: as `key` does.

        Example:
            >>> import jax, keystream as ks
            >>> keys = ks.Streams(params=3, dropout=4).init_rngs()
            >>> bool((jax.random.key_data(keys["params"]) == jax.random.PRNGKey(3)).all())
            True
        """
        declaration = self._declaration
        integers = self._coordinates("Streams.init_rngs", coordinates)
        call = derivation(declaration, declaration.names, tuple(coordinates), True)
        return dict(zip(declaration.names, call(self._roots, *integers), strict=True))

    def child(self, name: str, *, ids: Mapping[str, int] | None = None) -> Streams:
        """The same streams in a namespace of their own: another model, agent or loop.

        Guarantee: its keys lie under the same root, at ids of their own, so the guarantee of `Streams`
        covers parent and children together. Ids that clash with those of a namespace made before
        in this process are refused; of namespaces made in different processes, two ids clash with
        probability 2**-20 a pair.

        Args:
            name: the namespace; nest by calling `child` again.
            ids: ids in [1, 2**20) for streams of the child that clash.

        Returns:
            `Streams` of the same names.

        Raises:
            ValueOutOfRangeError: KS002, the name or an id is not what it must be.
            StreamIdClashError: KS003, a stream of the child has the id of another stream.
        """
        return _fill(object.__new__(Streams), self._declaration.child(name, ids), self._roots)

    def identify(self, key: Any, *, max_step: int | None = None) -> Identity | None:
        """Read a key back to its name.

        Args:
            key: a concrete scalar key, typed or legacy ``uint32[2]``.
            max_step: the last step the run can have reached; a smaller one makes a false match
                less likely.

        Returns:
            The name, with the chance that a foreign key matches; None where the key is no name's.

        Raises:
            ValueOutOfRangeError: KS002, `max_step` is no step.
            UnsupportedKeyError: KS006, not such a key, or an implementation that has no inverse.
        """
        return identify(self._declaration, self._concrete_roots("Streams.identify"), key, max_step)

    def describe(self) -> str:
        """A table of the streams: what each is for, its id and its root."""
        return describe(self._declaration, self._roots)

    def host(self) -> HostStreams:
        """These streams without JAX, for worker processes: small, and they pickle.

        Raises:
            UnsupportedKeyError: KS006, the streams are traced, or made under ``vmap``.
        """
        return HostStreams(self._declaration, self._single_roots("Streams.host"))

    def to_json(self) -> str:
        """This object as JSON text: root key words, names, ids, ranges, implementation, layout.

        It holds the root keys: whoever has it can make every key.

        Raises:
            UnsupportedKeyError: KS006, the streams are traced, or made under ``vmap``.
        """
        return _stored.dump(self._declaration, self._single_roots("Streams.to_json"))

    @classmethod
    def from_json(cls, text: str) -> Streams:
        """The `Streams` that `to_json` wrote.

        Raises:
            RestoredStateMismatchError: KS005, the text is damaged or of another layout.
        """
        declaration, words = _stored.load(text)
        return _fill(object.__new__(cls), declaration, words)

    def tree_flatten(self) -> tuple[tuple[jax.Array], Declaration]:
        """The pytree's leaf and its static half."""
        return (self._roots,), self._declaration

    def tree_flatten_with_keys(self) -> tuple[tuple[tuple[Any, jax.Array]], Declaration]:
        """The same, with the leaf's name."""
        return ((jax.tree_util.GetAttrKey("roots"), self._roots),), self._declaration

    @classmethod
    def tree_unflatten(cls, declaration: Declaration, leaves: Iterable[Any]) -> Streams:
        """Rebuild from any leaf: JAX passes tracers, shapes and placeholders here."""
        (roots,) = leaves
        streams = object.__new__(cls)
        object.__setattr__(streams, "_declaration", declaration)
        object.__setattr__(streams, "_roots", roots)
        return streams

    def __getattr__(self, name: str) -> Any:
        """Nothing: a stream is asked for by `key`. Says so where NNX takes this for an ``nnx.Rngs``."""
        if name.startswith("_") or name not in (*self._declaration.names, "params", "default"):
            raise AttributeError(f"'Streams' object has no attribute {name!r}", name=name, obj=self)
        raise AttributeError(
            f"Streams has no attribute {name!r}: a stream's key is streams.key({name!r}, step), and "
            "modules of NNX take rngs=ks.nnx.init_rngs(streams)",
            name=name,
        )

    def __getitem__(self, name: object) -> NoReturn:
        """Nothing: a stream has a key at each step. Says so to who takes this for a dictionary."""
        raise TypeError(
            f"Streams is no dictionary of keys: a stream's key is streams.key({name!r}, step)"
        )

    __iter__ = None  # nor a sequence, which Python would make of what has items

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Streams is immutable: {name!r} can't be set")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Streams):
            return NotImplemented
        if self._declaration != other._declaration:
            return False
        if self._roots is other._roots:
            return True
        mine = self._concrete_roots("Streams ==")
        return np.array_equal(mine, other._concrete_roots("Streams =="))

    def __hash__(self) -> int:
        return hash(self._declaration)

    def __copy__(self) -> Streams:
        return self

    def __deepcopy__(self, memo: object) -> Streams:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Streams.from_json, (self.to_json(),)

    def __repr__(self) -> str:
        return represent(self._declaration, self._roots)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": as_table(self._declaration, self._roots)}

    def _integers(self, call: str, step: Any, coordinates: Mapping[str, Any]) -> tuple[Any, ...]:
        """Step and coordinates, checked, as arguments of a derivation."""
        checked = check_integer(step, "step", self._declaration.last_step, call)
        return (checked, *self._coordinates(call, coordinates)) if coordinates else (checked,)

    def _coordinates(self, call: str, coordinates: Mapping[str, Any]) -> tuple[Any, ...]:
        self._declaration.check_coordinates(coordinates, call)
        sizes = self._declaration.sizes
        return tuple(
            check_integer(value, f"coordinate {name}", sizes[name], call)
            for name, value in coordinates.items()
        )

    def _single_roots(self, call: str) -> np.ndarray:
        """The roots' values, where these are the streams of one run."""
        roots = self._concrete_roots(call)
        check_one(roots)
        return roots

    def _concrete_roots(self, call: str) -> np.ndarray:
        """The roots' values, whatever their shape."""
        if isinstance(self._roots, Tracer):
            raise UnsupportedKeyError(
                "the streams are traced here, so their root keys have no value yet",
                where=call,
                why="a traced function runs before its arguments are known",
                fix="call it outside jit, vmap and grad",
            )
        return np.asarray(self._roots)


def check_streams(value: object, call: str) -> None:
    """Refuse what is given in the place of a `Streams` (KS002), such as a seed or a key."""
    if isinstance(value, Streams):
        return
    shown = " ".join(repr(value).split())
    raise ValueOutOfRangeError(
        f"{type(value).__name__} {shown:.60} is given in the place of a Streams",
        where=call,
        why="keys are made of the streams that were declared, by their names",
        fix='declare them: streams = ks.Streams(0, "params", "dropout")',
    )


def _fill(streams: Streams, declaration: Declaration, words: Any) -> Streams:
    """Set the two slots; NumPy words become one device array, also while something is traced."""
    if isinstance(words, np.ndarray):
        with jax.ensure_compile_time_eval():
            words = jnp.asarray(words)
    object.__setattr__(streams, "_declaration", declaration)
    object.__setattr__(streams, "_roots", words)
    return streams
