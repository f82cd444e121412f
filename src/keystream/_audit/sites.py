"""Where a key is used: the recorded site of a planned one, and of an eager operation."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from types import FrameType
from typing import Any

import numpy as np

from keystream import _jax_door as door
from keystream._audit import frames
from keystream._audit.recording import Site
from keystream._findings import Location
from keystream._intent import SCOPE
from keystream._plan.site import batches

# Functions of jax.random that make keys of keys; every other one draws.
MAKERS = frozenset(
    {"split", "fold_in", "key", "PRNGKey", "rbg_key", "clone", "random_seed", "seed_with_impl"}
    | {"wrap_key_data", "key_data"}
)

_MARKS = {
    "remat": "rematted_computation",
    "backward": "transpose(",
    "differentiated": "jvp(",
    "common": SCOPE,
}

_PLUMBING = re.compile(
    r"^(ks\.common_random_numbers|while|body|cond|scan|closed_call|checkpoint|rematted_computation|remat|body_jaxpr|cond_jaxpr|"
    r"branch_\d+_fun|shard_map|pjit|jit|custom_jvp_call|custom_vjp_call|core_call)$"
)


def planned_site(planned: Any, library: tuple[Location, ...], outer: str) -> Site:
    """The site of a plan as a recorded one.

    Args:
        planned: the site of the plan.
        library: the library frames of the call, for a program that no user line is in.
        outer: the scopes around the call.
    """
    loops = [loop for loop in planned.loops if loop.kind != "shards"]
    flags = planned.flags | flags_of(outer)
    around = batches(
        outer, ()
    )  # a vmap that runs eagerly, and hands its whole batch to the program
    if planned.kind == "draw" and around:
        within = batches(planned.scopes, flags)
        flags |= {"vmap_shared"} if around + within > len(planned.lanes) else set[str]()
    return Site(
        kind=planned.kind,
        distribution=planned.distribution,
        shape=planned.shape,
        dtype=planned.dtype,
        frames=_whole(planned.frames),
        library=planned.library if planned.frames else planned.library + library,
        module_path=planned.module_path or module_path(planned.scopes),
        scopes="/".join(part for part in (outer, planned.scopes) if part),
        derivation=tuple(str(step) for step in planned.derivation),
        derived_at=_whole(step.place for step in planned.derivation if step.place is not None),
        root=planned.root,
        root_detail=planned.root_detail,
        flags=frozenset(flags),
        loop=planned.hoisted or ((loops[-1].length or -1) if loops else 0),
        conditions=planned.conditions,
        draw=planned.draw,
    )


def _whole(places: Iterable[Location]) -> tuple[Location, ...]:
    """Places with whole paths: a plan shows them relative to the working directory."""
    return tuple(replace(place, path=frames.absolute(place.path)) for place in places)


def flags_of(scopes: str) -> frozenset[str]:
    """What the transformations in a name stack say about a draw."""
    return frozenset(flag for flag, mark in _MARKS.items() if mark in scopes)


def module_path(scopes: str) -> str:
    """The module's path in a name stack: what is left without transformations and control flow."""
    plain = re.sub(r"\w+\(", "", scopes).replace(")", "")
    return "/".join(part for part in plain.split("/") if part and not _PLUMBING.match(part))


def is_typed(value: Any) -> bool:
    """Whether a value is a typed key or an array of them."""
    return isinstance(value, door.key_arrays())


def drawn_shape(frame: FrameType | None, result: Any) -> tuple[tuple[int, ...], str]:
    """Shape and dtype of what a running sampler draws, as far as they are known.

    The sampler's own arguments say the shape, since what runs first may draw only a part of it. Of
    an order, which ``permutation`` and ``shuffle`` draw, it is the number of elements.

    Args:
        frame: of the sampler that the user's code called; None for a primitive by itself.
        result: what the first operation on the key gives: an array, or what describes one.
    """
    known = frame.f_locals if frame is not None else {}
    shape, dtype = known.get("shape"), str(getattr(result, "dtype", ""))
    if not isinstance(shape, tuple | list) and "x" in known and "independent" in known:
        array = known["x"]
        shape = np.shape(array)[known["axis"] :][:1] or (array,)
    if not isinstance(shape, tuple | list):
        shape = getattr(result, "shape", ())
    if dtype.startswith("key"):  # of a key that was split off first
        given = known.get("dtype")
        dtype = str(np.dtype(given)) if given is not None else ""
    try:
        return tuple(int(size) for size in shape), dtype
    except (TypeError, ValueError):  # a traced or symbolic size
        return (), ""


def sharing_shards(program: Any, place: int) -> int:
    """How many shards an eager ``shard_map`` hands one and the same argument.

    Args:
        program: what JAX runs for one operation: nothing but the ``shard_map`` of it.
        place: of the argument.
    """
    equations = getattr(program, "eqns", ())
    if len(equations) != 1 or equations[0].primitive.name != "shard_map":
        return 1
    parameters = equations[0].params
    spread = {
        axis for part in parameters["in_specs"][place] if part for axis in np.atleast_1d(part)
    }
    mesh = parameters["mesh"].shape
    return math.prod(size for axis, size in mesh.items() if axis not in spread)


def given_seed(frame: FrameType | None, value: Any) -> Any:
    """The seed as the user gave it: without x64, JAX cuts it to 32 bits before anything is computed.

    Args:
        frame: of JAX, running ``jax.random.key`` or ``PRNGKey``.
        value: the seed that arrived.
    """
    while frame is not None and frames.is_jax(frame.f_code.co_filename):
        maker = frame.f_code.co_name in ("key", "PRNGKey")
        if maker and frames.is_sampler(frame.f_code.co_filename):
            seed = frame.f_locals.get("seed")
            return np.asarray([seed % 2**64], np.uint64) if isinstance(seed, int) else value
        frame = frame.f_back
    return value


def folds_float(frame: FrameType | None) -> bool:
    """Whether the running ``jax.random.fold_in`` was given a number with a fraction."""
    while frame is not None:
        if frame.f_code.co_name == "fold_in" and frames.is_sampler(frame.f_code.co_filename):
            data = frame.f_locals.get("data")
            kind = getattr(getattr(data, "dtype", None), "kind", "")
            return isinstance(data, float) or kind == "f"
        frame = frame.f_back
    return False
