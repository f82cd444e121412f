"""The slice, run: the marked equations of a program and nothing else, as a JAX function.

What is observed is gathered in a dictionary from a site's number to a dictionary of arrays, which loops
stack, branches fill up and shards concatenate:

- ``keys``: uint32 ``(..., words)``; ``children``: uint32 ``(..., n, words)``; ``data``: an integer;
- ``ran``: bool, absent where the site runs in any case; ``missed``: iterations that were not kept;
- ``values``: what an equation made, where that is wanted (a replay).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from keystream._plan import primitives
from keystream._plan.marking import Wants
from keystream._plan.regions import Draft, Region

Seen = dict[int, dict[str, Any]]

KEPT: Final = (1024, 32)  # iterations of a while loop whose keys are kept; of one inside another
ABREAST: Final = 4096  # iterations without a carry that are computed side by side
CHILDREN: Final = 4096  # keys made by a split, up to which they are observed themselves


@dataclass(frozen=True)
class Around:
    """What a region is run within.

    Attributes:
        wants: of each site what is observed; the same as for the marking.
        depth: how many ``while`` loops are around.
        axes: of the meshes that are around.
    """

    wants: Wants
    depth: int = 0
    axes: tuple[Any, ...] = ()


def run(region: Region, inputs: dict[int, Any], around: Around) -> tuple[dict[int, Any], Seen]:
    """Run what is marked in a region.

    Args:
        region: marked.
        inputs: the values of ``region.wanted``.
        around: what is around it.

    Returns:
        The values of ``region.results``, and what was observed.
    """
    jaxpr, seen = region.jaxpr, Seen()
    values: dict[Any, Any] = dict(zip(jaxpr.constvars, region.consts, strict=True))
    values.update((jaxpr.invars[place], value) for place, value in inputs.items())

    def read(var: Any) -> Any:
        return var.val if hasattr(var, "val") else values[var]

    places = sorted(region.needed | {p for p, draft in region.sites.items() if around.wants(draft)})
    for place in places:
        equation = jaxpr.eqns[place]
        outs: dict[int, Any] = {}
        if place in region.needed:
            with equation.ctx.manager:
                outs, inner = _equation(region, place, values, around)
            seen |= inner
            values.update((equation.outvars[number], value) for number, value in outs.items())
        draft = region.sites.get(place)
        if draft is not None and around.wants(draft):
            seen[draft.number] = _observe(equation, draft, read, outs, around.wants(draft))
    return {place: read(jaxpr.outvars[place]) for place in region.results}, seen


def _equation(
    region: Region, place: int, values: dict[Any, Any], around: Around
) -> tuple[dict[int, Any], Seen]:
    def read(var: Any) -> Any:
        return var.val if hasattr(var, "val") else values[var]

    def known(var: Any) -> bool:
        return hasattr(var, "val") or var in values

    equation = region.jaxpr.eqns[place]
    kind, children = primitives.structure(equation), region.entered.get(place, ())
    if place in region.identities:
        return {0: read(equation.invars[1])}, {}
    if equation.primitive.name == primitives.BARRIER:
        return {number: read(var) for number, var in enumerate(equation.invars) if known(var)}, {}
    if kind is None or not children or place in region.sites:
        return dict(enumerate(_leaf(equation, [read(var) for var in equation.invars]))), {}
    if kind == "call":
        child = children[0]
        return run(child, _read(equation, child.wanted, read), around)
    rule = _RULES[kind]
    return rule(equation, children, read, around)


def _read(equation: Any, places: Any, read: Any, shift: int = 0) -> dict[int, Any]:
    return {place: read(equation.invars[place + shift]) for place in places}


def _leaf(equation: Any, operands: list[Any]) -> Sequence[Any]:
    """Run a single equation as it stands; jaxprs in its parameters go along with them."""
    result = equation.primitive.bind(*operands, **equation.params)
    return result if equation.primitive.multiple_results else (result,)


# What is observed of a site.


def _observe(
    equation: Any, draft: Draft, read: Any, outs: dict[int, Any], want: str
) -> dict[str, Any]:
    if want == "result" and draft.kind == "draw":
        return {"values": [outs[place] for place in range(len(equation.outvars))]}
    if equation.primitive.name == "threefry2x32":
        pair = [jnp.ravel(read(var))[:1] for var in equation.invars[:2]]
        return {"keys": jnp.concatenate(pair)}
    operand = read(equation.invars[draft.operand])
    seen = {"keys": _halves(operand) if draft.kind == "seed" else words_of(operand)}
    if draft.kind == "fold_in":
        seen["data"] = jnp.asarray(read(equation.invars[1]))
    if outs and draft.kind in ("split", "fold_in", "seed"):
        lanes = seen["keys"].ndim - 1
        seen["children"] = _flat_children(words_of(outs[0]), lanes)
    return seen


def words_of(key: Any) -> jax.Array:
    """The words of a typed or legacy key, uint32 ``(..., words)``."""
    if primitives.is_key(jax.typeof(key)):
        return jax.random.key_data(key)
    words = jnp.asarray(key)
    if words.dtype == np.uint32:
        return words
    if words.dtype.itemsize == 8:
        pair = lax.bitcast_convert_type(words, np.uint32)
        return pair.reshape((*words.shape[:-1], -1))
    return words.astype(np.uint32)


def _halves(seed: Any) -> jax.Array:
    """An integer as two words, the high one first, its sign extended."""
    number = jnp.asarray(seed)
    low = number.astype(np.uint32)
    if number.dtype.itemsize == 8:
        high = (number >> 32).astype(np.uint32)
    elif jnp.issubdtype(number.dtype, jnp.signedinteger):
        high = jnp.where(number < 0, np.uint32(2**32 - 1), np.uint32(0))
    else:
        high = jnp.zeros_like(low)
    return jnp.stack([high, low], axis=-1)


def _flat_children(words: jax.Array, lanes: int) -> jax.Array:
    count = math.prod(words.shape[lanes:-1])
    return words.reshape((*words.shape[:lanes], count, words.shape[-1]))


# Control flow.


def _scan(
    equation: Any, bodies: tuple[Region, ...], read: Any, around: Around
) -> tuple[dict[int, Any], Seen]:
    parameters, (body,) = equation.params, bodies
    consts, carried = primitives.scan_sizes(equation)
    given = _read(equation, {place for place in body.wanted if place < consts}, read)
    carry = sorted(body.carry)
    stacked = sorted(place for place in body.wanted if place >= consts + carried)
    results = sorted(place for place in body.results if place >= carried)
    avals = [body.jaxpr.invars[consts + place].aval for place in carry]

    def step(state: list[Any], items: list[Any]) -> tuple[list[Any], Any]:
        inputs = dict(given)
        inputs.update(zip((consts + place for place in carry), state, strict=True))
        inputs.update(zip(stacked, items, strict=True))
        inputs = {place: value for place, value in inputs.items() if place in body.wanted}
        outs, seen = run(body, inputs, around)
        following = [_typed(outs[place], aval) for place, aval in zip(carry, avals, strict=True)]
        return following, ([outs[place] for place in results], seen)

    state = [
        _typed(read(equation.invars[consts + place]), aval)
        for place, aval in zip(carry, avals, strict=True)
    ]
    items = [read(equation.invars[place]) for place in stacked]
    if not carry and parameters["length"] <= ABREAST and _lanes_alike(body, around):
        ended: list[Any] = []
        made, seen = jax.vmap(lambda items: step([], items)[1], axis_size=parameters["length"])(
            items
        )
    else:
        ended, (made, seen) = lax.scan(
            step, state, items, length=parameters["length"], reverse=parameters["reverse"]
        )
    outs = dict(zip(carry, ended, strict=True)) | dict(zip(results, made, strict=True))
    return outs, seen


def _lanes_alike(body: Region, around: Around) -> bool:
    """Whether iterations that need nothing of each other may be computed side by side.

    Threefry does to each key of a batch what it does to one; other generators may not. Values that a
    replay asks for, and what runs on a mesh, stay as the program makes them.
    """
    if around.axes or any(
        around.wants(draft) == "result" and draft.kind == "draw"
        for region in body.below()
        for draft in region.sites.values()
    ):
        return False
    needed = (
        region.jaxpr.eqns[place] for region in body.below() for place in sorted(region.needed)
    )
    return all(primitives.is_threefry(equation) for equation in needed)


def _typed(value: Any, aval: Any) -> Any:
    """A value as an array of the type it has in the program: numbers in it are weakly typed."""
    return value if primitives.is_key(aval) else jnp.asarray(value, aval.dtype)


def _cond(
    equation: Any, branches: tuple[Region, ...], read: Any, around: Around
) -> tuple[dict[int, Any], Seen]:
    index = read(equation.invars[0])
    places = sorted(set[int]().union(*(branch.wanted for branch in branches)))
    operands = [read(equation.invars[place + 1]) for place in places]
    results = sorted(branches[0].results)
    avals = [branches[0].jaxpr.outvars[place].aval for place in results]

    def alone(branch: Region, *operands: Any) -> tuple[list[Any], Seen]:
        inputs = dict(zip(places, operands, strict=True))
        inputs = {place: value for place, value in inputs.items() if place in branch.wanted}
        outs, seen = run(branch, inputs, around)
        typed = [_typed(outs[p], aval) for p, aval in zip(results, avals, strict=True)]
        ran = {number: _with_ran(each) for number, each in seen.items()}
        return typed, _uniform(ran, around)

    shapes = [jax.eval_shape(lambda *o, b=b: alone(b, *o)[1], *operands) for b in branches]

    def whole(branch: Region, *operands: Any) -> tuple[list[Any], Seen]:
        outs, seen = alone(branch, *operands)
        for other in shapes:
            for number, shape in other.items():
                seen.setdefault(number, _uniform(jax.tree.map(_zeros, shape), around))
        return outs, seen

    calls = [lambda *o, b=b: whole(b, *o) for b in branches]
    if len(calls) == 1:
        made, seen = calls[0](*operands)
    else:
        made, seen = lax.switch(jnp.asarray(index, np.int32), calls, *operands)
    return dict(zip(results, made, strict=True)), seen


def _with_ran(seen: dict[str, Any]) -> dict[str, Any]:
    return seen if "ran" in seen else {**seen, "ran": jnp.ones((), bool)}


def _zeros(shape: Any) -> jax.Array:
    if not primitives.is_key(shape):
        return jnp.zeros(shape.shape, shape.dtype)
    words = jax.eval_shape(jax.random.key_data, shape)
    return jax.random.wrap_key_data(
        jnp.zeros(words.shape, words.dtype), impl=jax.random.key_impl(shape)
    )


def _uniform(seen: Any, around: Around) -> Any:
    """What is observed, of one type whichever branch or iteration it is of.

    In a ``shard_map`` the type of an array says along which axes it may vary. Zeros vary along none;
    what they stand for may. Both are made to vary along all.
    """
    if not around.axes:
        return seen
    nothing = sum(lax.axis_index(axis).astype(np.uint32) for axis in around.axes) * np.uint32(0)

    def varying(each: jax.Array) -> jax.Array:
        return each ^ (nothing != 0) if each.dtype == bool else each + nothing.astype(each.dtype)

    return jax.tree.map(varying, seen)


def _while(
    equation: Any, children: tuple[Region, ...], read: Any, around: Around
) -> tuple[dict[int, Any], Seen]:
    parameters, (condition, body) = equation.params, children
    tested, bodied = parameters["cond_nconsts"], parameters["body_nconsts"]
    carry = sorted(body.carry)
    of_test = _read(equation, {p for p in condition.wanted if p < tested}, read)
    of_body = _read(equation, {p for p in body.wanted if p < bodied}, read, tested)
    avals = [body.jaxpr.invars[bodied + place].aval for place in carry]
    kept = KEPT[min(around.depth, len(KEPT) - 1)]
    inner = replace(around, depth=around.depth + 1)

    def going(state: list[Any]) -> Any:
        named = {tested + place: value for place, value in zip(carry, state, strict=True)}
        inputs = of_test | {p: v for p, v in named.items() if p in condition.wanted}
        return run(condition, inputs, replace(inner, wants=_nothing))[0][0]

    def once(state: list[Any]) -> tuple[list[Any], Seen]:
        named = {bodied + place: value for place, value in zip(carry, state, strict=True)}
        inputs = of_body | {p: v for p, v in named.items() if p in body.wanted}
        outs, seen = run(body, inputs, inner)
        lanes = going(state)
        if jnp.ndim(lanes):  # a loop under vmap: lanes that have ended keep what they have
            seen = {number: _in_lanes(each, lanes) for number, each in seen.items()}
        seen = _uniform(seen, around)
        new = [_typed(outs[place], aval) for place, aval in zip(carry, avals, strict=True)]
        return [_where(lanes, n, o) for n, o in zip(new, state, strict=True)], seen

    state = [
        _typed(read(equation.invars[tested + bodied + place]), aval)
        for place, aval in zip(carry, avals, strict=True)
    ]
    shapes = jax.eval_shape(lambda *s: once(list(s))[1], *state)
    rows = jax.tree.map(
        lambda shape: _zeros(jax.ShapeDtypeStruct((kept + 1, *shape.shape), shape.dtype)), shapes
    )

    rows = _uniform(rows, around)

    def go_on(loop: Any) -> Any:
        count, state, _ = loop
        more = jnp.any(going(state))
        return more if body.asked else more & (count < kept)

    def step(loop: Any) -> Any:
        count, state, rows = loop
        state, seen = once(state)
        row = jnp.minimum(count, kept)
        rows = jax.tree.map(lambda all_, one: all_.at[row].set(one), rows, seen)
        return count + 1, state, rows

    count, state, rows = lax.while_loop(go_on, step, (jnp.zeros((), np.int32), state, rows))
    unfinished = jnp.any(going(state)) if carry or of_test else jnp.zeros((), bool)
    ran = jnp.arange(kept) < count
    missed = jnp.maximum(count - kept, 0) + unfinished.astype(np.int32)
    seen = {number: _of_loop(each, ran, missed, kept) for number, each in rows.items()}
    return dict(zip(carry, state, strict=True)), seen


def _nothing(_: Draft) -> str:
    return ""


def _where(lanes: Any, new: Any, old: Any) -> Any:
    if not jnp.ndim(lanes):
        return new
    return jnp.where(lanes.reshape(lanes.shape + (1,) * (jnp.ndim(new) - lanes.ndim)), new, old)


def _in_lanes(seen: dict[str, Any], lanes: jax.Array) -> dict[str, Any]:
    """Note which lanes of a loop under vmap were still going."""
    keys = seen.get("keys")
    if keys is None or keys.shape[: lanes.ndim] != lanes.shape:
        lanes = jnp.any(lanes)
    before = seen.get("ran", jnp.ones((), bool))
    before = before.reshape(before.shape + (1,) * max(lanes.ndim - before.ndim, 0))
    lanes = lanes.reshape(lanes.shape + (1,) * max(before.ndim - lanes.ndim, 0))
    return {**seen, "ran": before & lanes}


def _of_loop(seen: dict[str, Any], ran: jax.Array, missed: Any, kept: int) -> dict[str, Any]:
    cut = {
        name: jax.tree.map(lambda rows: rows[:kept], value)
        for name, value in seen.items()
        if name != "missed"
    }
    inner = cut.get("ran")
    if inner is not None:
        ran = ran.reshape((kept,) + (1,) * (inner.ndim - 1)) & inner
    if "missed" in seen:
        missed = missed + jnp.sum(seen["missed"][:kept])
    return {**cut, "ran": ran, "missed": missed}


def _shards(
    equation: Any, bodies: tuple[Region, ...], read: Any, around: Around
) -> tuple[dict[int, Any], Seen]:
    parameters, (body,) = equation.params, bodies
    places, results = sorted(body.wanted), sorted(body.results)
    axes = tuple(parameters.get("newly_manual_axes", parameters.get("manual_axes", ())))
    axes = tuple(name for name in parameters["mesh"].axis_names if name in axes)
    inside = replace(around, axes=(*around.axes, *axes))

    def on_shard(*operands: Any) -> tuple[list[Any], Seen]:
        outs, seen = run(body, dict(zip(places, operands, strict=True)), inside)
        return [outs[place] for place in results], jax.tree.map(lambda each: each[None], seen)

    specs = tuple(parameters["in_specs"][place] for place in places)
    outs_specs = [parameters["out_specs"][place] for place in results]
    made, seen = jax.shard_map(
        on_shard,
        mesh=parameters["mesh"],
        in_specs=specs,
        out_specs=(outs_specs, jax.sharding.PartitionSpec(axes)),
        axis_names=set(axes),
        check_vma=parameters.get("check_vma", False),
    )(*(read(equation.invars[place]) for place in places))
    return dict(zip(results, made, strict=True)), jax.tree.map(_gathered, seen)


def _gathered(value: jax.Array) -> jax.Array:
    """A value without explicit sharding, of which no operation need say how its result is spread."""
    sharding: Any = getattr(jax.typeof(value), "sharding", None)
    if not any(getattr(sharding, "spec", ())):
        return value
    whole = jax.sharding.NamedSharding(sharding.mesh, jax.sharding.PartitionSpec())
    return jax.sharding.reshard(value, whole)


_RULES: Final = {"scan": _scan, "cond": _cond, "while": _while, "shards": _shards}
