"""From what was found in a program to plain `Site`s."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import Any, cast

import numpy as np

from keystream._intent import SCOPE
from keystream._plan import frames as stacks
from keystream._plan import primitives
from keystream._plan.calls import Calls
from keystream._plan.derivations import Chain, Names, Words, chain
from keystream._plan.origin import MAKERS, Origins
from keystream._plan.regions import Draft, Region, joined, module_path
from keystream._plan.site import Kind, Loop, Site, batches

_REPEATS = frozenset({"remat", "backward"})
_NO_DRAW = _REPEATS | {"discarded"}
_MARKS = {
    "remat": "rematted_computation",
    "backward": "transpose(",
    "differentiated": "jvp(",
    "common": SCOPE,
}


def describe(
    found: Sequence[tuple[Region, int, Draft]],
    origins: Origins,
    reasons: dict[int, str],
    names: Names,
) -> tuple[Site, ...]:
    """The sites of a program.

    Args:
        found: every site, in the order of its number.
        origins: of their keys.
        reasons: why keys can't be had, by the site's number.
        names: of the flat inputs.
    """
    describer = _Describer(origins, reasons, names)
    return _settled([describer.site(region, place, draft) for region, place, draft in found])


def _settled(sites: list[Site]) -> tuple[Site, ...]:
    """The sites, of which those alone repeat a draw that have a draw to repeat.

    A name stack tells that an equation stands in a rematerialised part or in a backward pass. That it
    makes again what the forward pass drew is so only where the forward pass drew it and something came
    of that. Of ``jax.grad`` alone the forward pass of a ``jax.checkpoint`` is discarded, and the
    repeat is the draw; so it is in a backward pass of the user's own that draws something else.
    """
    # Rematerialised parts first: what turns out to be the draw there, a backward pass may make again.
    for repeats in (lambda site: "remat" in site.flags, lambda site: "backward" in site.flags):
        sites = _told_apart(sites, repeats)
    return tuple(sites)


def _told_apart(sites: list[Site], repeats: Callable[[Site], bool]) -> list[Site]:
    drawn = {
        name
        for site in sites
        if site.kind == "draw" and not site.flags & _NO_DRAW
        for name in (_place(site), _key(site), _drawn(site))
    }
    alone = [
        site
        for site in sites
        if site.kind == "draw" and repeats(site) and drawn.isdisjoint(_first(site))
    ]
    least: dict[Any, int] = {}
    for site in alone:
        least[_place(site)] = min(_depth(site), least.get(_place(site), _depth(site)))
    # Of a checkpoint in a checkpoint the outer one's repeat is the draw, once for each key.
    draws = {
        (_place(site), site.origin): site.id
        for site in reversed(alone)
        if _depth(site) == least[_place(site)]
    }
    chosen = set(draws.values())
    return [
        replace(site, flags=site.flags - _REPEATS) if site.id in chosen else site for site in sites
    ]


def _first(site: Site) -> tuple[Any, ...]:
    """What the draw that a repeat makes again may be known by.

    JAX repeats a draw at the line where it stands, a forward pass of the user's own perhaps at another
    one with the same key. A backward pass of the user's own stands elsewhere, and may have got the key
    out of a loop: any draw of that kind may be its first.
    """
    return (_place(site), _key(site)) if "remat" in site.flags else (_drawn(site),)


def _drawn(site: Site) -> tuple[Any, ...]:
    """What is drawn, by its name.

    Its shape differs where the draws of a loop are batched, its dtype by how far JAX
    had inlined the sampler: a `bernoulli` is a draw of float32 inside.
    """
    return (site.distribution,)


def _place(site: Site) -> tuple[Any, ...]:
    return "place", *_drawn(site), site.place or site.library[:1]


def _key(site: Site) -> tuple[Any, ...]:
    known = site.origin if site.origin >= 0 else ("unknown", site.id)
    return "key", *_drawn(site), known


def _depth(site: Site) -> int:
    return site.scopes.count(_MARKS["remat"])


class _Describer:
    def __init__(self, origins: Origins, reasons: dict[int, str], names: Names) -> None:
        self._origins, self._reasons = origins, reasons
        self._words, self._calls = Words(origins, names), Calls(origins)
        self._conditions: dict[Any, int] = {}
        self._sums: dict[int, bool] = {}  # by the id of a scan's equation

    def site(self, region: Region, place: int, draft: Draft) -> Site:
        """One site."""
        equation = region.jaxpr.eqns[place]
        scopes = joined(region.scopes, str(equation.source_info.name_stack))
        user, library = stacks.locations(draft.frames)
        key = self._origins.keys.get(draft.number)
        found = list(chain(self._origins, key)) if key is not None else []
        loops = self._loops(region, place, key)
        lanes = _lanes(equation, draft)
        first = found[-1][1] if found else None
        value = self._origins.nodes[key].value if key is not None else -1
        root, detail = self._words.root(first)
        data = self._origins.data.get(draft.number)
        result = equation.outvars[-1].aval if equation.outvars else None
        unchanged = first is not None and first.op == "input" and len(found) == 1
        return Site(
            id=draft.number,
            kind=cast(Kind, draft.kind),
            primitive=str(equation.params.get("name", equation.primitive.name)),
            distribution=draft.sampler or equation.primitive.name,
            shape=tuple(getattr(result, "shape", ())),
            dtype=str(getattr(result, "dtype", "")),
            bits=draft.bits if draft.kind == "draw" else 0,
            module_path=module_path(scopes),
            scopes=scopes,
            frames=user,
            library=library,
            derivation=self._words.steps(found),
            root=root,
            root_detail=detail,
            input=cast(int, first.detail) if first is not None and unchanged else -1,
            origin=-1 if first is None or first.op == "unknown" else value,
            data=None if data is None else self._origins.number(data),
            loops=loops,
            lanes=lanes,
            conditions=self._branches(region) + self._selected(found),
            flags=frozenset(
                _flags(draft, found, loops)
                | _marks(draft, scopes, lanes)
                | _measured(loops, tuple(getattr(result, "shape", ())))
            ),
            hoisted=draft.hoisted,
            draw=self._calls.number(equation, draft, key),
            unseen=self._reasons.get(draft.number, ""),
            stream=self._words.stream(found),
        )

    def _loops(self, region: Region, place: int, key: int | None) -> tuple[Loop, ...]:
        """The loops around an equation of a region, outermost first."""
        loops: list[Loop] = []
        varies = self._origins.nodes[key].varies if key is not None else None
        for inner in region.outward():
            invariant = varies is not None and inner.path not in varies
            parameters = inner.equation.params
            if inner.kind == "scan":
                name = id(inner.equation)
                if name not in self._sums:
                    self._sums[name] = primitives.only_sums(inner.equation)
                sums = self._sums[name]
                within = (*region.path, place)[len(inner.path)]  # the equation that holds the site
                measured = invariant and primitives.measures(inner.equation, within)
                length = int(parameters["length"])
                loops.append(Loop("scan", length, invariant, sums=sums, measured=measured))
            elif inner.kind in ("while", "condition"):
                test, _ = primitives.opened(parameters["cond_jaxpr"])
                batched = bool(test.outvars[0].aval.shape)
                loops.append(Loop("while", None, invariant, batched))
            elif inner.kind == "shards":
                whole = _is_whole(parameters)
                loops.append(Loop("shards", _members(parameters), invariant, whole=whole))
        return tuple(reversed(loops))

    def _branches(self, region: Region) -> tuple[tuple[int, int], ...]:
        """The branches that a region stands in, outermost first."""
        branches = [
            (self._condition(inner.path[:-1]), inner.path[-1])
            for inner in region.outward()
            if inner.kind == "branch"
        ]
        return tuple(reversed(branches))

    def _selected(self, found: Chain) -> tuple[tuple[int, int], ...]:
        """The branches that ``vmap`` made selects of, read off the key's way through them."""
        details = [cast(tuple[Any, int], node.detail) for _, node in found if node.op == "branch"]
        return tuple((self._condition(("select", name)), branch) for name, branch in details)

    def _condition(self, name: Any) -> int:
        return self._conditions.setdefault(name, len(self._conditions))


def _members(parameters: Any) -> int:
    """How many shards a ``shard_map`` has."""
    axes = parameters.get("newly_manual_axes", parameters.get("manual_axes", ()))
    return int(np.prod([parameters["mesh"].shape[axis] for axis in axes], initial=1))


def _is_whole(parameters: Any) -> bool:
    """Whether a ``shard_map`` hands all of its operands and results on whole, to and from each shard."""
    specs = (*parameters["in_specs"], *parameters["out_specs"])
    return not any(axis is not None and axis != () for spec in specs for axis in spec)


def _lanes(equation: Any, draft: Draft) -> tuple[int, ...]:
    if draft.operand < 0 or draft.kind == "derive":
        return ()
    aval = equation.invars[draft.operand].aval
    if primitives.is_key(aval) or draft.kind == "seed":
        return tuple(aval.shape)
    return () if equation.primitive.name == "threefry2x32" else tuple(aval.shape[:-1])


def _flags(draft: Draft, found: Chain, loops: tuple[Loop, ...]) -> set[str]:
    """What the derivation and the loops say."""
    flags = set[str]() if draft.live else {"discarded"}
    ops = {node.op for _, node in found}
    if "clone" in ops:
        flags.add("clone")
    if "branch" in ops:
        flags.add("batched_cond")
    if any(loop.batched for loop in loops):
        flags.add("batched_while")
    repeated = any(loop.key_invariant and loop.kind != "shards" for loop in loops)
    if any(loop.sums for loop in loops):
        flags.add("summed")
    if any(loop.whole for loop in loops):
        flags.add("whole")
    if draft.hoisted > 1:
        flags.add("hoisted")
    if draft.kind == "draw" and repeated:
        flags.add("loop_invariant")
    if draft.kind != "draw" and draft.sampler not in MAKERS:
        flags.add("sampler")
    return flags


def _measured(loops: tuple[Loop, ...], shape: tuple[int, ...]) -> set[str]:
    """Whether figures are made of many numbers: a single one is noise on what a turn puts out."""
    return {"measured"} if any(loop.measured for loop in loops) and prod(shape) > 1 else set()


def _marks(draft: Draft, scopes: str, lanes: tuple[int, ...]) -> set[str]:
    """What the name stack says."""
    flags = {flag for flag, mark in _MARKS.items() if mark in scopes}
    if draft.kind == "draw" and draft.operand >= 0 and batches(scopes, flags) > len(lanes):
        flags.add("vmap_shared")
    return flags
