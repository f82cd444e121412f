"""A program as a tree of regions: each jaxpr where it is used, with the sites that stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from types import CodeType
from typing import Any, Literal, cast

from keystream._plan import frames as stacks
from keystream._plan import primitives
from keystream._plan.frames import Frames

RegionKind = Literal["program", "call", "scan", "condition", "while", "branch", "shards"]


@dataclass
class Draft:
    """A site as the tree knows it.

    Attributes:
        kind: as of `Site`.
        operand: of the equation, that is the key; -1 where there is none.
        number: its id.
        sampler: the function of ``jax.random`` called, or the name of our own draw.
        frames: whole, innermost first.
        live: whether the program's results or effects depend on it.
        bits: drawn at one execution; 0 where that is not known.
        hoisted: the turns of the ``scan`` that JAX took it out of; 0 where it was taken out of none.
    """

    kind: str
    operand: int
    number: int
    sampler: str
    frames: Frames
    live: bool
    bits: int
    hoisted: int = 0


@dataclass(eq=False)
class Region:
    """A jaxpr at one place of the program.

    Attributes:
        jaxpr: open.
        consts: the values of its constants.
        kind: how it is run.
        equation: that runs it; None for the program itself.
        parent: the region that the equation stands in.
        path: ordinals of equations from the program down; names the region.
        sites: by the ordinal of the equation.
        hoisted: the turns of the ``scan`` that JAX took it out of, whole; 0 where it stands in none.
        loops: the loops in it, by the functions that were traced as their bodies, once asked for.
        needed, wanted, carry, results, asked: set by `marking`: the ordinals of the equations of the
            slice; the inputs that they read; of a loop what it carries; the results to compute; of
            those of a ``while`` the ones that are asked for from outside.
    """

    jaxpr: Any
    consts: tuple[Any, ...]
    kind: RegionKind = "program"
    equation: Any = None
    parent: Region | None = None
    path: tuple[int, ...] = ()
    frames: Frames = ()
    scopes: str = ""
    sites: dict[int, Draft] = field(default_factory=dict[int, Draft])
    entered: dict[int, tuple[Region, ...]] = field(default_factory=dict[int, "tuple[Region, ...]"])
    needed: set[int] = field(default_factory=set[int])
    wanted: set[int] = field(default_factory=set[int])
    carry: set[int] = field(default_factory=set[int])
    results: set[int] = field(default_factory=set[int])
    asked: set[int] = field(default_factory=set[int])
    selected: bool = False
    hoisted: int = 0
    loops: dict[CodeType, Any] | None = None

    @cached_property
    def identities(self) -> frozenset[int]:
        """The ordinals of equations that choose between one value and itself."""
        return primitives.identities(self.jaxpr)

    def children(self, place: int) -> tuple[Region, ...]:
        """The regions that an equation runs; none where it can't be entered."""
        if place not in self.entered:
            equation = self.jaxpr.eqns[place]
            loop = self.loop_of(equation)
            outer = stacks.frames_of(loop) if loop is not None else ()
            own = stacks.frames_of(equation) + outer + self.frames
            scopes = joined(self.scopes, str(equation.source_info.name_stack))
            kinds = _kinds(primitives.structure(equation))
            self.entered[place] = tuple(
                Region(*primitives.opened(inner), kind, equation, self, (*self.path, place, number))
                for number, (inner, kind) in enumerate(
                    zip(primitives.inner_jaxprs(equation), kinds, strict=False)
                )
            )
            for child in self.entered[place]:
                child.frames, child.scopes = own, scopes
                child.hoisted = int(loop.params["length"]) if loop is not None else self.hoisted
        return self.entered[place]

    def loop_of(self, equation: Any) -> Any | None:
        """The ``scan`` of this region that an equation in front of it was traced in; None mostly.

        Where a gradient is taken through a ``scan``, JAX takes what is the same in all turns out of it.
        Such an equation was made by the loop's body, as those that stayed, not by this region's
        function.
        """
        if self.loops is None:
            self.loops = {}
            for scan in reversed(self.jaxpr.eqns):
                if scan.primitive.name != "scan":
                    continue
                inner, _ = primitives.opened(scan.params["jaxpr"])
                bodies = {stacks.outermost(each) for each in inner.eqns}
                for body in bodies - {None, stacks.outermost(scan)}:
                    self.loops[cast(CodeType, body)] = scan
        if not self.loops:
            return None
        made_in = stacks.outermost(equation)
        return self.loops.get(made_in) if made_in is not None else None

    def outward(self) -> list[Region]:
        """Itself and the regions around it, without the program itself."""
        found: list[Region] = [self]
        while found[-1].parent is not None:
            found.append(found[-1].parent)
        return found[:-1]

    def below(self) -> Iterator[Region]:
        """The regions entered so far, itself first, in the order of the program."""
        yield self
        for place in sorted(self.entered):
            for child in self.entered[place]:
                yield from child.below()


def _kinds(structure: primitives.Structure | None) -> tuple[RegionKind, ...]:
    if structure == "while":
        return "condition", "while"
    if structure == "cond":
        return ("branch",) * 4096
    return (structure,) if structure is not None else ()


def joined(outer: str, inner: str) -> str:
    """Name stacks one inside the other."""
    return "/".join(part for part in (outer, inner) if part)


_PLUMBING = re.compile(
    r"^(ks\.common_random_numbers|while|body|cond|scan|closed_call|checkpoint|rematted_computation|remat\d*|body_jaxpr|"
    r"cond_jaxpr|branch_\d+_fun|shard_map|pjit|jit|custom_jvp_call|custom_vjp_call|core_call|pmap|vmap)?$"
)


def module_path(scopes: str) -> str:
    """The module's path in a name stack: what is left without transformations and control flow."""
    plain = re.sub(r"\w+\(", "", scopes).replace(")", "")
    return "/".join(part for part in plain.split("/") if not _PLUMBING.match(part))


class Contents:
    """Which jaxprs hold a site or an effect, and which results of them live; each looked at once."""

    def __init__(self) -> None:
        self._draws: dict[int, tuple[bool, Any]] = {}
        self._sites: dict[int, tuple[bool, Any]] = {}

    def draws(self, jaxpr: Any) -> bool:
        """Whether a jaxpr draws, at any depth."""
        return self._has(self._draws, jaxpr, draw_only=True)

    def draws_any(self, jaxprs: list[Any]) -> bool:
        """Whether one of several jaxprs draws."""
        return any(self.draws(jaxpr) for jaxpr in jaxprs)

    def bits(self, jaxpr: Any) -> int:
        """The random bits that a jaxpr draws; bodies of ``while`` loops are counted once."""
        inner, _ = primitives.opened(jaxpr)
        total = 0
        for equation in inner.eqns:
            times = int(equation.params["length"]) if equation.primitive.name == "scan" else 1
            if equation.primitive.name in primitives.DRAWS:
                total += primitives.bits_of(equation)
            elif equation.primitive.name == "cond":
                total += max(self.bits(each) for each in equation.params["branches"])
            else:
                total += times * sum(self.bits(each) for each in primitives.any_jaxprs(equation))
        return total

    def sites(self, jaxpr: Any) -> bool:
        """Whether a jaxpr draws, derives a key, or has an effect, at any depth."""
        return self._has(self._sites, jaxpr, draw_only=False)

    def _has(self, known: dict[int, tuple[bool, Any]], jaxpr: Any, *, draw_only: bool) -> bool:
        inner, _ = primitives.opened(jaxpr)
        found = known.get(id(inner))
        if found is None:
            answer = (not draw_only and bool(inner.effects)) or any(
                self._is_site(known, equation, draw_only=draw_only) for equation in inner.eqns
            )
            found = known[id(inner)] = (answer, inner)  # kept alive, so that the id stays its own
        return found[0]

    def _is_site(
        self, known: dict[int, tuple[bool, Any]], equation: Any, *, draw_only: bool
    ) -> bool:
        name = equation.primitive.name
        if name in primitives.DRAWS or name in primitives.KEYLESS:
            return True
        if not draw_only and (
            name in primitives.DERIVATIONS
            or primitives.own_name(equation)
            or primitives.is_opaque(equation)
        ):
            return True
        if primitives.own_name(equation) in primitives.OWN_DRAWS:
            return True
        return any(
            self._has(known, inner, draw_only=draw_only)
            for inner in primitives.any_jaxprs(equation)
        )
