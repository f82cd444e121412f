"""Finding the sites: a walk over the program from its results back, so that it knows what lives."""

from __future__ import annotations

from typing import Any

import jax

from keystream._plan import frames as stacks
from keystream._plan import primitives
from keystream._plan.regions import Contents, Draft, Region, joined

# Jitted functions of jax.random that bear another name than what users call.
_NAMES = {"_shuffle": "permutation", "_normal_real": "normal"}


def find(program: Region) -> list[tuple[Region, int, Draft]]:
    """Every site of a program, in the program's order, each noted in its region too.

    Args:
        program: the outermost region; the regions that hold sites are entered.
    """
    contents = Contents()
    _walk(program, set(range(len(program.jaxpr.outvars))), contents, alive=True)
    found = [
        (region, place, region.sites[place])
        for region in program.below()
        for place in sorted(region.sites)
    ]
    found.sort(key=lambda entry: (*entry[0].path, entry[1]))
    for number, (_, _, draft) in enumerate(found):
        draft.number = number
    return found


def _walk(region: Region, results: set[int], contents: Contents, *, alive: bool) -> set[int]:
    """Note the sites of a region, and return the inputs that what lives in it depends on."""
    jaxpr = region.jaxpr
    living = {jaxpr.outvars[place] for place in results if not hasattr(jaxpr.outvars[place], "val")}
    for place in range(len(jaxpr.eqns) - 1, -1, -1):
        equation = jaxpr.eqns[place]
        asked = {number for number, var in enumerate(equation.outvars) if var in living}
        lives = alive and (bool(asked) or bool(equation.effects))
        inner = primitives.any_jaxprs(equation)
        draft = _draft(region, equation, contents, inner, lives=lives)
        if draft is not None:
            region.sites[place] = draft
        if draft is None and inner and any(contents.sites(each) for each in inner):
            reads = _enter(region, place, asked, contents, alive=lives)
            if reads is not None:
                living.update(_variables(equation, reads) if lives else ())
                continue
        if lives:
            living.update(_variables(equation, range(len(equation.invars))))
    return {number for number, var in enumerate(jaxpr.invars) if var in living}


def _variables(equation: Any, places: Any) -> list[Any]:
    chosen = (equation.invars[place] for place in places)
    return [var for var in chosen if not hasattr(var, "val")]


def _enter(
    region: Region, place: int, asked: set[int], contents: Contents, *, alive: bool
) -> set[int] | None:
    """Walk the jaxprs of an equation; the operands that live, or None where it can't be entered."""
    equation, children = region.jaxpr.eqns[place], region.children(place)
    kind = primitives.structure(equation)
    if not children:
        return None
    if kind in ("call", "shards"):
        return _walk(children[0], asked, contents, alive=alive)
    if kind == "cond":
        reads = {0}
        for branch in children:
            reads |= {number + 1 for number in _walk(branch, asked, contents, alive=alive)}
        return reads
    # Of a loop all that is carried is taken to live where anything of it does.
    for child in children:
        every = set(range(len(child.jaxpr.outvars)))
        _walk(child, every if alive else set(), contents, alive=alive)
    return set(range(len(equation.invars)))


def _draft(
    region: Region, equation: Any, contents: Contents, inner: list[Any], *, lives: bool
) -> Draft | None:
    """The site that an equation is, or None."""
    name, own = equation.primitive.name, primitives.own_name(equation)
    sampler, bits = "", -1
    if name in primitives.DRAWS:
        kind, operand = "draw", primitives.DRAWS[name]
    elif name in primitives.KEYLESS:
        kind, operand = "draw", -1
    elif name in primitives.DERIVATIONS:
        kind, operand = primitives.DERIVATIONS[name], 0
    elif own:
        kind = "draw" if own in primitives.OWN_DRAWS else "derive"
        operand, sampler = primitives.key_operand(equation), f"ks.{own}"
    elif primitives.is_opaque(equation):
        kind, operand = "opaque", -1
    elif inner and contents.draws_any(inner):
        sampler = _sampler(region, equation)
        kind, operand = ("draw", primitives.key_operand(equation)) if sampler else ("opaque", -1)
        if not sampler and primitives.structure(equation) is not None:
            return None
        bits = contents.bits(inner[0])
    else:
        return None
    loop = region.loop_of(equation) if kind == "draw" else None
    outer = stacks.frames_of(loop) if loop is not None else ()
    stack = stacks.frames_of(equation) + outer + region.frames
    if bits < 0 or own == "token_mask":
        bits = _bits(kind, equation, contents, inner)
    hoisted = int(loop.params["length"]) if loop is not None else region.hoisted
    named = sampler or stacks.sampler(stack)
    return Draft(kind, operand, -1, named, stack, lives, bits, hoisted)


def _bits(kind: str, equation: Any, contents: Contents, inner: list[Any]) -> int:
    """The random bits that an equation draws, or the keys that it makes."""
    if kind == "draw":
        drawn = contents.bits(inner[0]) if inner else 0
        return drawn or primitives.bits_of(equation)
    return sum(primitives.size(var.aval) for var in equation.outvars)


def _sampler(region: Region, equation: Any) -> str:
    """The function of ``jax.random`` whose jitted body a call is; empty where it is none."""
    if equation.primitive.name not in ("jit", "pjit") or primitives.key_operand(equation) < 0:
        return ""
    scopes = joined(region.scopes, str(equation.source_info.name_stack))
    stack = stacks.frames_of(equation) + region.frames
    return stacks.sampler(stack) or _by_name(equation, scopes)


def _by_name(equation: Any, scopes: str) -> str:
    """The sampler whose jitted function a call is, by its name.

    In a derivative of the user's own (``custom_vjp``) frames are those of its call: in the backward
    pass always, in the forward one where JAX traced it apart (JAX 0.10 under ``jax.checkpoint``).
    """
    name = str(equation.params.get("name", ""))
    if not name.startswith("_") or not ("transpose(" in scopes or "jvp(" in scopes):
        return ""
    public = _NAMES.get(name, name.lstrip("_"))
    return public if public in vars(jax.random) else ""
