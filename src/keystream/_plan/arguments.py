"""A call's arguments: which of them are traced, what they are called, and those that must not change."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax

from keystream.errors import ValueOutOfRangeError


@dataclass(frozen=True)
class Arguments:
    """The arguments of a call, taken apart.

    Attributes:
        tree: of ``(args, kwargs)``.
        leaves: all of them, flat.
        traced: the places of those that are traced: arrays, and numbers where the function allows it.
        names: of the traced ones, such as ``state.rng`` or ``rngs['dropout']``.
        streams: by the ordinal among the traced of a `Streams`' roots, its streams by id.
        tags: by the ordinal among the traced, the stream's name that a key bears, as NNX's do.
    """

    tree: Any
    leaves: tuple[Any, ...]
    traced: tuple[int, ...]
    names: tuple[str, ...]
    streams: Mapping[int, Mapping[int, str]]
    tags: Mapping[int, str]

    @property
    def arrays(self) -> list[Any]:
        """The leaves that are traced."""
        return [self.leaves[place] for place in self.traced]

    def call(self, function: Callable[..., Any], arrays: Sequence[Any]) -> Any:
        """Call a function with these arguments, the traced ones replaced."""
        leaves = list(self.leaves)
        for place, array in zip(self.traced, arrays, strict=True):
            leaves[place] = array
        args, kwargs = jax.tree.unflatten(self.tree, leaves)
        return function(*args, **kwargs)

    def others(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
        """The arrays of another call, which must be of the same kind (KS002)."""
        leaves, tree = jax.tree.flatten((args, dict(kwargs)))
        if tree != self.tree:
            raise _other("arguments of another structure", f"{tree} is not {self.tree}")
        arrays = [leaves[place] for place in self.traced]
        for number, (array, shape) in enumerate(zip(arrays, self._shapes, strict=True)):
            if getattr(array, "shape", ()) != shape:
                raise _other(f"an array of shape {_shape(array)}, not {shape}", self.names[number])
        for place in self._static:
            leaf, mine = leaves[place], self.leaves[place]
            if leaf is not mine and leaf != mine:
                raise _other(f"{leaf!r:.60} where the plan was made for {mine!r:.60}", "")
        return arrays

    @cached_property
    def _shapes(self) -> tuple[tuple[int, ...], ...]:
        return tuple(_shape(array) for array in self.arrays)

    @cached_property
    def _static(self) -> tuple[int, ...]:
        return tuple(sorted(set(range(len(self.leaves))) - set(self.traced)))


def read(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], *, numbers: bool
) -> Arguments:
    """Take a call's arguments apart.

    Args:
        function: that is called; its signature gives names.
        args: positional.
        kwargs: by name.
        numbers: whether Python's numbers are traced, as ``jit`` does, and not static.
    """
    pairs, tree = jax.tree_util.tree_flatten_with_path((args, dict(kwargs)))
    parameters = _parameters(function)
    traced = [p for p, (_, leaf) in enumerate(pairs) if is_traced(leaf, numbers=numbers)]
    names = [_name(pairs[place][0], parameters) for place in traced]
    whole = (args, dict(kwargs))
    streams, tags = _streams(whole), _tags(whole)
    of = {number: id(pairs[place][1]) for number, place in enumerate(traced)}
    return Arguments(
        tree,
        tuple(leaf for _, leaf in pairs),
        tuple(traced),
        tuple(names),
        {number: streams[each] for number, each in of.items() if each in streams},
        {number: tags[each] for number, each in of.items() if each in tags},
    )


def is_traced(leaf: Any, *, numbers: bool) -> bool:
    """Whether an argument is traced."""
    if hasattr(leaf, "shape") and hasattr(leaf, "dtype"):
        return True
    return numbers and isinstance(leaf, (int, float, complex)) and not isinstance(leaf, bool)


def _parameters(function: Callable[..., Any]) -> list[str]:
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    names = [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in found if p.kind == p.VAR_POSITIONAL), "")
    return names + [f"{rest}[{place}]" for place in range(100 if rest else 0)]


def _name(path: tuple[Any, ...], parameters: list[str]) -> str:
    if path[0].idx == 1:
        return f"{path[1].key}{jax.tree_util.keystr(path[2:])}"
    place = path[1].idx
    first = parameters[place] if place < len(parameters) else f"argument {place}"
    return f"{first}{jax.tree_util.keystr(path[2:])}"


def _streams(arguments: Any) -> dict[int, dict[int, str]]:
    """The streams of each `Streams` among the arguments, by the identity of its roots.

    Known by its declaration, not by its class: a plan is of what is traced, whoever made it.
    """
    found: dict[int, dict[int, str]] = {}

    def declares(leaf: Any) -> bool:
        return hasattr(getattr(leaf, "_declaration", None), "qualified")

    for leaf in jax.tree.leaves(arguments, is_leaf=declares):
        if declares(leaf):
            declaration = leaf._declaration
            names = {
                i: declaration.qualified(declaration.names[p])
                for p, i in enumerate(declaration.ids)
            }
            for roots in jax.tree.leaves(leaf):
                found[id(roots)] = names
    return found


def _tags(arguments: Any) -> dict[int, str]:
    """The names that keys bear themselves, by the identity of the key."""

    def is_tagged(leaf: Any) -> bool:
        return isinstance(getattr(leaf, "tag", None), str)

    found: dict[int, str] = {}
    for leaf in jax.tree.leaves(arguments, is_leaf=is_tagged):
        if is_tagged(leaf):
            found |= {id(array): leaf.tag for array in jax.tree.leaves(leaf)}
    return found


def _shape(leaf: Any) -> tuple[int, ...]:
    return tuple(getattr(leaf, "shape", ()))


def _other(what: str, detail: str) -> ValueOutOfRangeError:
    return ValueOutOfRangeError(
        f"the plan was given {what}",
        where=f"plan · {detail}" if detail else "plan",
        why="a plan is of one program, which other shapes and static arguments would change",
        fix="make another plan of this call: ks.plan(function, *arguments)",
    )
