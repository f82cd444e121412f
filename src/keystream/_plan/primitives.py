"""What draws, what derives, and what holds other jaxprs: tables by the primitive's name."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, Final, Literal

import jax
import numpy as np

# Primitives that draw, and the operand that is the key; threefry2x32 has its two words apart.
DRAWS: Final = {"random_bits": 0, "random_gamma": 0, "rng_bit_generator": 0, "threefry2x32": 0}
BARRIER: Final = "optimization_barrier"  # returns its operands
KEYLESS: Final = ("rng_uniform",)
DERIVATIONS: Final = {
    "random_split": "split",
    "random_fold_in": "fold_in",
    "random_seed": "seed",
    "random_clone": "clone",
}

# Our own draws and derivations are jitted functions of these names, with the layout behind.
OWN_DRAWS: Final = ("mask", "mask8", "normal", "token_mask", "dropout", "dropout8")
OWN_DERIVATIONS: Final = ("key", "keys", "path")
_OWN = re.compile(r"^ks\.(\w+)\.v\d+$")

_OPAQUE: Final = (
    "pallas_call",
    "tpu_custom_call",
    "triton_kernel_call",
    "ffi_call",
    "custom_call",
    "call_exported",
    "call_hi_primitive",
    "call_hi_primitive_linearized",
)

Structure = Literal["call", "scan", "while", "cond", "shards"]
_LOOPS: Final[dict[str, Structure]] = {
    "scan": "scan",
    "while": "while",
    "cond": "cond",
    "shard_map": "shards",
}


def structure(equation: Any) -> Structure | None:
    """How an equation runs the jaxprs it holds; None where it holds none that can be entered.

    Loops, branches and shards hand their operands on each in its own way, and go by name. All else
    that holds a single jaxpr of its own operands and results, type for type, is a call of it, whatever
    it is called: ``jit``, ``remat2``, ``custom_jvp_call``, or since JAX 0.12 ``eval_jaxpr``, which
    a rematerialised function is once it is differentiated. What fits nothing is left opaque.
    """
    kind = _LOOPS.get(equation.primitive.name)
    if kind is not None:
        return kind
    return "call" if called(equation) is not None else None


def called(equation: Any) -> Any | None:
    """The jaxpr that an equation runs on its own operands; None where it does nothing so plain."""
    if equation.primitive.name in _OPAQUE:
        return None
    held = any_jaxprs(equation)
    if len(held) != 1:
        return None
    inner, consts = opened(held[0])
    fits = (
        len(inner.constvars) == len(consts)
        and _alike(inner.invars, equation.invars)
        and _alike(inner.outvars, equation.outvars)
    )
    return held[0] if fits else None


def _alike(inner: Sequence[Any], outer: Sequence[Any]) -> bool:
    return len(inner) == len(outer) and all(
        _type(one.aval) == _type(other.aval) for one, other in zip(inner, outer, strict=True)
    )


def _type(aval: Any) -> tuple[Any, ...]:
    """What two values must share to be handed on: a mutable array is none, and no part of an array."""
    return type(aval), getattr(aval, "shape", None), getattr(aval, "dtype", None)


def opened(jaxpr: Any) -> tuple[Any, tuple[Any, ...]]:
    """The jaxpr and the constants of a closed or open jaxpr."""
    inner = getattr(jaxpr, "jaxpr", jaxpr)
    return inner, tuple(getattr(jaxpr, "consts", ()) or ())


def inner_jaxprs(equation: Any) -> tuple[Any, ...]:
    """The jaxprs that an equation runs, in order: of ``while`` the condition first."""
    kind, parameters = structure(equation), equation.params
    if kind == "call":
        return (called(equation),)
    if kind == "while":
        return parameters["cond_jaxpr"], parameters["body_jaxpr"]
    if kind == "cond":
        return tuple(parameters["branches"])
    return (parameters["jaxpr"],) if kind is not None else ()


def is_opaque(equation: Any) -> bool:
    """Whether an equation is a kernel that may draw, which can't be told from the rest of its work.

    It may where it seeds a generator of its own, or is given what may be the words of a key.
    """
    if equation.primitive.name not in _OPAQUE:
        return False
    if any(_may_be_key(operand.aval) for operand in equation.invars):
        return True
    return any(
        inner.primitive.name.startswith("prng_")
        for jaxpr in any_jaxprs(equation)
        for inner in opened(jaxpr)[0].eqns
    )


def _may_be_key(aval: Any) -> bool:
    words = getattr(aval, "dtype", None) == np.uint32 and size(aval) in (2, 4)
    return is_key(aval) or words


def scan_sizes(equation: Any) -> tuple[int, int]:
    """How many operands of a ``scan`` are constants, and how many are carried."""
    parameters = equation.params
    if "num_consts" in parameters:
        return int(parameters["num_consts"]), int(parameters["num_carry"])
    consts, carry, _ = parameters["ft_in"].unpack()  # since JAX 0.12
    return len(consts), len(carry)


def only_sums(equation: Any) -> bool:
    """Whether the numbers that a ``scan`` carries are sums: each turn adds to them, and none reads them.

    So gradients of microbatches are accumulated. What a training carries, its parameters say, is read.
    """
    body, _ = opened(equation.params["jaxpr"])
    consts, carried = scan_sizes(equation)
    before, after = body.invars[consts : consts + carried], body.outvars[:carried]
    numbers = [
        (old, new)
        for old, new in zip(before, after, strict=True)
        if old is not new
        and jax.dtypes.issubdtype(getattr(old.aval, "dtype", np.int32), np.inexact)
    ]
    return bool(numbers) and all(_only_adds(body, old, new) for old, new in numbers)


def _only_adds(body: Any, old: Any, new: Any) -> bool:
    """Whether a carried number is only added to, on its way to what is carried on."""
    held = {id(old)}
    for inner in body.eqns:
        if not any(id(operand) in held for operand in inner.invars):
            continue
        if inner.primitive.name not in ("add", "add_any"):
            return False
        held.add(id(inner.outvars[0]))
    return id(new) in held


def measures(equation: Any, ordinal: int) -> bool:
    """Whether what an equation in the body of a ``scan`` gives only measures what the loop carries.

    It reaches nothing that is carried on, and of what the turns put out it reaches numbers alone, one a
    turn, which are made of what the turns change as well: the loss on held-out data after each epoch.
    """
    body, _ = opened(equation.params["jaxpr"])
    consts, carried = scan_sizes(equation)
    before, after = body.invars[consts : consts + carried], body.outvars[:carried]
    changed = [old for old, new in zip(before, after, strict=True) if old is not new]
    given = _reached(body, list(body.eqns[ordinal].outvars))
    state = _reached(body, changed)
    if given & {id(each) for each in after}:
        return False
    figures = [each for each in body.outvars[carried:] if id(each) in given]
    return bool(figures) and all(size(each.aval) == 1 and id(each) in state for each in figures)


def _reached(jaxpr: Any, values: list[Any]) -> set[int]:
    """The ids of the variables of a jaxpr that are made of some of its values, and of these."""
    found = {id(each) for each in values}
    for inner in jaxpr.eqns:
        if any(id(operand) in found for operand in inner.invars):
            found.update(id(result) for result in inner.outvars)
    return found


def any_jaxprs(equation: Any) -> list[Any]:
    """Every jaxpr among an equation's parameters, whatever it is for and in whatever it is kept."""
    found: list[Any] = []
    pending = list(equation.params.values())[::-1]
    while pending:
        value = pending.pop()
        if isinstance(value, (tuple, list)):
            pending.extend(reversed(value))  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, dict):
            pending.extend(reversed(value.values()))  # pyright: ignore[reportUnknownArgumentType]
        elif hasattr(opened(value)[0], "eqns"):
            found.append(value)
    return found


def identities(jaxpr: Any) -> frozenset[int]:
    """The ordinals of equations that choose between one value and itself.

    ``vmap`` makes such a one of each operand of a ``cond``, with a ``stop_gradient`` over one side.
    """
    plain: dict[Any, Any] = {}
    found: set[int] = set()
    for place, equation in enumerate(jaxpr.eqns):
        if equation.primitive.name == "stop_gradient":
            (same,) = equation.invars
            plain[equation.outvars[0]] = same if hasattr(same, "val") else plain.get(same, same)
        elif equation.primitive.name == "select_n":
            _, first, *others = equation.invars
            sides = [
                var if hasattr(var, "val") else plain.get(var, var) for var in (first, *others)
            ]
            if not hasattr(sides[0], "val") and all(side is sides[0] for side in sides):
                found.add(place)
    return frozenset(found)


def own_name(equation: Any) -> str:
    """``mask`` for a call of ``ks.mask.v1``; empty for what is not ours."""
    if equation.primitive.name not in ("jit", "pjit"):
        return ""
    found = _OWN.match(str(equation.params.get("name", "")))
    name = found.group(1) if found else ""
    return name if name in OWN_DRAWS or name in OWN_DERIVATIONS else ""


def is_key(aval: Any) -> bool:
    """Whether values of this type are typed keys."""
    dtype = getattr(aval, "dtype", None)
    return dtype is not None and jax.dtypes.issubdtype(dtype, jax.dtypes.prng_key)


def is_threefry(equation: Any) -> bool:
    """Whether an equation's random bits, if it makes or takes any keys, are Threefry's of two words."""
    if equation.primitive.name == "rng_bit_generator":
        return False
    variables = (*equation.invars, *equation.outvars)
    return all(str(var.aval.dtype) == "key<fry>" for var in variables if is_key(var.aval))


def key_operand(equation: Any) -> int:
    """The operand of a sampler's or our own call that is the key; -1 where there is none."""
    for place, operand in enumerate(equation.invars):
        if is_key(operand.aval):
            return place
    if own_name(equation):
        for place, operand in enumerate(equation.invars):
            aval = operand.aval
            if getattr(aval, "dtype", None) == np.uint32 and aval.shape[-1:] in ((2,), (4,)):
                return place
    return -1


def size(aval: Any) -> int:
    """How many elements a value has; 1 where that is not known."""
    shape = getattr(aval, "shape", ())
    return math.prod(extent for extent in shape if isinstance(extent, int))


def bits_of(equation: Any) -> int:
    """The random bits that one execution of a drawing primitive makes."""
    name, result = equation.primitive.name, equation.outvars[-1].aval
    if name == "random_bits":
        return size(result) * int(equation.params["bit_width"])
    if name == "threefry2x32":
        return 2 * 32 * size(result)
    if name == "random_gamma":
        return 0
    own = own_name(equation)
    if own:
        return size(result) * (8 if own.endswith("8") else 32)
    width = 32 if is_key(result) else np.dtype(result.dtype).itemsize * 8
    return size(result) * width
