"""`needs`: which streams a Linen model draws from, found by running Flax on shapes alone."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax
import numpy as np

from keystream._linen.abstract import Uses, run
from keystream.errors import ValueOutOfRangeError

__all__ = ["Needs", "needs"]

PARAMS = "params"


@dataclass(frozen=True)
class Needs:
    """The streams that ``init`` and ``apply`` of one call draw from.

    Args:
        init: stream -> the module paths that draw from it, such as ``Net/Dropout_0``, in the order of
            first use.
        apply: the same for ``apply``.
    """

    init: Mapping[str, tuple[str, ...]]
    apply: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """Every stream of both, to declare: ``Streams(0, *needs.names)``."""
        return tuple(dict.fromkeys((*self.init, *self.apply)))

    def to_json(self) -> dict[str, dict[str, list[str]]]:
        """Both as values that `json` writes."""
        calls = {"init": self.init, "apply": self.apply}
        return {
            call: {stream: list(paths) for stream, paths in uses.items()}
            for call, uses in calls.items()
        }

    def __str__(self) -> str:
        return "\n".join([*_rows("init", self.init), *_rows("apply", self.apply)])


def needs(
    model: nn.Module,
    /,
    *args: Any,
    method: Callable[..., Any] | str | None = None,
    mutable: Any = False,
    **kwargs: Any,
) -> Needs:
    """Which streams ``model.init`` and ``model.apply`` draw from in one call, and where.

    Nothing is computed: Flax runs on shapes alone, so that a model of any size is answered at the cost
    of tracing it. No streams have to be given. What counts is what modules ask for, before Flax falls
    back to ``params``; of a module that asks whether a stream is there, what it draws when it is.
    Draws in both branches of a ``cond`` count. What a model hands to a model of its own by calling that
    one's ``init`` or ``apply`` does not: those streams are not asked of the caller.

    A model that sums over a named axis is asked where the axis is bound, inside the mapped function.
    What an NNX module wrapped by ``nnx.bridge`` draws stays unseen: it takes every stream there is.

    Args:
        model: a Linen module, bound or not.
        args: the call's arguments after the keys or variables. Arrays with axes, and
            ``jax.ShapeDtypeStruct``, count by shape and dtype; all else is used as it is, so that flags
            decide as they would.
        method: as in Flax's ``apply``; ``init`` runs the same method.
        mutable: as in Flax's ``apply``, such as ``["batch_stats"]``.
        kwargs: keyword arguments of the call.

    Returns:
        Streams and module paths of both calls, each path once.

    Raises:
        ValueOutOfRangeError: KS002, not a Linen module, or ``rngs`` was given.

    Example:
        >>> import flax.linen as nn, jax.numpy as jnp
        >>> import keystream as ks
        >>> model = nn.Sequential([nn.Dense(4), nn.Dropout(0.5, deterministic=False)])
        >>> print(ks.linen.needs(model, jnp.ones((8, 4))))
        init   params   Sequential/layers_0
               dropout  Sequential/layers_1
        apply  dropout  Sequential/layers_1
    """
    _check(model, kwargs)
    arrays, whole = _part((args, kwargs), _by_shape)
    stored: list[Callable[[Any], Any]] = []

    def init(rngs: dict[str, Any], arrays: Any) -> Any:
        args, kwargs = whole(arrays)
        variables = model.init(rngs, *args, method=method, **kwargs)
        traced, rebuild = _part(variables, _is_array)
        stored.append(rebuild)
        return traced

    def apply(rngs: dict[str, Any], arrays: tuple[Any, Any]) -> None:
        args, kwargs = whole(arrays[1])
        model.apply(
            stored[-1](arrays[0]), *args, rngs=rngs, method=method, mutable=mutable, **kwargs
        )

    name = type(model).__name__
    in_init, variables = run(init, arrays, name, (PARAMS,))
    in_apply, _ = run(apply, (variables, arrays), name, ())
    return Needs(in_init, in_apply)


def _part(tree: Any, chosen: Callable[[Any], bool]) -> tuple[dict[int, Any], Callable[[Any], Any]]:
    """The chosen leaves by their place, and the way back from what becomes of them."""
    leaves, treedef = jax.tree.flatten(tree)
    arrays = {place: leaf for place, leaf in enumerate(leaves) if chosen(leaf)}
    rest = [None if place in arrays else leaf for place, leaf in enumerate(leaves)]

    def whole(arrays: Mapping[int, Any]) -> Any:
        return treedef.unflatten([arrays.get(place, leaf) for place, leaf in enumerate(rest)])

    return arrays, whole


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray | jax.ShapeDtypeStruct)


def _by_shape(leaf: Any) -> bool:
    """Whether an argument counts by its shape: scalars are flags and steps, which may decide."""
    return _is_array(leaf) and (not isinstance(leaf, jax.Array | np.ndarray) or leaf.ndim > 0)


def _check(model: object, kwargs: Mapping[str, Any]) -> None:
    where = "keystream.linen.needs(model, *args, **kwargs)"
    if not isinstance(model, nn.Module):
        is_class = isinstance(model, type)
        raise ValueOutOfRangeError(
            f"{model.__name__ if is_class else type(model).__name__} is not a Linen module"
            if not (is_class and issubclass(model, nn.Module))
            else f"{model.__name__} is a Linen class, not a module of it",
            where=where,
            why="streams are found by running the module's own init and apply",
            fix="pass an object of a subclass of flax.linen.Module: needs(Net(...), x)",
        )
    if "rngs" in kwargs:
        raise ValueOutOfRangeError(
            "rngs was given, but needs is asked before there are any",
            where=where,
            why="the answer does not depend on what is given, but on what modules ask for",
            fix="leave rngs out: needs(model, x, deterministic=False)",
        )


def _rows(call: str, uses: Uses | Mapping[str, tuple[str, ...]]) -> list[str]:
    if not uses:
        return [f"{call:<5}  no stream"]
    width = max(len(stream) for stream in uses)
    rows: list[str] = []
    for stream, paths in uses.items():
        head = f"{'' if rows else call:<5}  {stream:<{width}}  "
        rows += textwrap.wrap(
            ", ".join(paths),
            80,
            initial_indent=head,
            subsequent_indent=" " * len(head),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return rows
