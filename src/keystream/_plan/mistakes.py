"""The mistakes that a plan shows by itself: one finding each, however many draws it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from keystream._findings import Finding, Location
from keystream._plan.site import Loop, Site

# Draws that repeat another on purpose, or of which nothing comes.
_NO_DRAW = frozenset({"remat", "backward", "discarded", "clone"})


def find(sites: Sequence[Site]) -> Iterator[Finding]:
    """The findings of a plan, those that are proven first."""
    draws = [s for s in sites if s.kind == "draw" and not s.flags & _NO_DRAW]
    splits = [s for s in sites if s.kind == "split" and not s.flags & (_NO_DRAW | {"sampler"})]
    found = [*_reused(draws), *_split(draws, splits), *_invariant(draws), *_baked(draws)]
    order = ("error", "warning", "note")
    yield from sorted(found, key=lambda finding: order.index(finding.severity))


def _reused(draws: list[Site]) -> Iterator[Finding]:
    """Draws of one key value, in each iteration of the loops that they share."""
    for group in _groups(draws):
        calls = _apart(group)
        if len(calls) < 2:
            continue
        first, second = calls[0], calls[1]
        alias = _alias(calls)
        if alias is not None:
            first, second = alias
            yield _finding(
                "KS103",
                f"{second.distribution} draws from the key that {first.distribution} draws from: "
                f"a child of split equals a child of fold_in",
                "error",
                (second, first),
                why="split(key, n)[i] and fold_in(key, i) are the same key, so the draws repeat.",
                fix="derive from different parents: a, b = jax.random.split(key), then split one "
                "and fold into the other",
                count=len(calls) - 1,
            )
            continue
        yield _finding(
            "KS101",
            f"{second.distribution} draws from the key that {first.distribution} drew from",
            "error",
            (second, first),
            why="draws from one key are not independent: of one shape and distribution they are equal.",
            fix="give each draw a key of its own: key, sub = jax.random.split(key)",
            count=len(calls) - 1,
        )


def _split(draws: list[Site], splits: list[Site]) -> Iterator[Finding]:
    by_origin = {site.origin: site for site in reversed(draws) if site.origin >= 0}
    seen: set[int] = set()
    for split in splits:
        draw = by_origin.get(split.origin)
        if draw is None or split.origin in seen or _exclusive(draw, split):
            continue
        seen.add(split.origin)
        later, earlier = (split, draw) if split.id > draw.id else (draw, split)
        yield _finding(
            "KS102",
            f"a key is drawn from ({draw.distribution}) and split",
            "error",
            (later, earlier),
            why="the split's keys are made of the words that the draw has used.",
            fix="split first, and draw from a child: key, sub = jax.random.split(key)",
            count=1,
        )


def _invariant(draws: list[Site]) -> Iterator[Finding]:
    seen: set[object] = set()
    for site in draws:
        loops = [
            loop
            for loop in site.loops
            if loop.key_invariant and loop.kind != "shards" and loop.length != 1
        ]
        if "hoisted" in site.flags:
            loops = [Loop("scan", site.hoisted, key_invariant=True), *loops]
        name = (site.origin, site.place)
        if not site.flags & {"loop_invariant", "hoisted"} or not loops or name in seen:
            continue
        seen.add(name)
        often = f"{loops[0].length} iterations" if loops[0].length else "every iteration"
        yield _finding(
            "KS203",
            f"{site.distribution} draws from one key in {often} of a {loops[0].kind}",
            "warning",
            (site,),
            why="every iteration gets the same values.",
            fix="fold the iteration in: jax.random.fold_in(key, i), or scan over split keys",
            count=loops[0].length or 1,
        )


def _baked(draws: list[Site]) -> Iterator[Finding]:
    groups: dict[tuple[str, str], list[Site]] = {}
    for site in draws:
        if site.root in ("constant", "seed") and site.root_detail not in ("?", ""):
            static = site.root == "constant" or site.root_detail.lstrip("-").isdigit()
            if static:
                groups.setdefault((site.root, site.root_detail), []).append(site)
    for (root, detail), sites in groups.items():
        what = f"the constant {detail}" if root == "constant" else f"the seed {detail}"
        yield _finding(
            "KS503",
            f"{sites[0].distribution} draws from {what}, which is part of the program",
            "warning",
            (sites[0],),
            why="every call of the compiled function draws the same values.",
            fix="pass the key as an argument of the function",
            count=len(sites),
        )


def _groups(draws: list[Site]) -> list[list[Site]]:
    groups: dict[int, list[Site]] = {}
    for site in draws:
        if site.origin >= 0:
            groups.setdefault(site.origin, []).append(site)
    return list(groups.values())


def _apart(group: list[Site]) -> list[Site]:
    """The draws that are calls of their own and may run in one execution."""
    calls: dict[int, Site] = {}
    for site in group:
        calls.setdefault(site.draw, site)
    kept: list[Site] = []
    for site in calls.values():
        if not any(_exclusive(site, other) for other in kept):
            kept.append(site)
    return kept


def _exclusive(one: Site, other: Site) -> bool:
    """Whether two sites stand in different branches of one condition."""
    mine = dict(one.conditions)
    return any(number in mine and mine[number] != branch for number, branch in other.conditions)


def _alias(calls: list[Site]) -> tuple[Site, Site] | None:
    """Two draws of one key, of which one is a child of a split and the other of a fold."""
    by_op = {site.derivation[-1].op: site for site in reversed(calls) if site.derivation}
    if "index" in by_op and "fold_in" in by_op:
        first, second = sorted((by_op["index"], by_op["fold_in"]), key=lambda site: site.id)
        return first, second
    return None


def _finding(
    code: str,
    message: str,
    severity: str,
    sites: tuple[Site, ...],
    *,
    why: str,
    fix: str,
    count: int,
) -> Finding:
    site = sites[0]
    related = tuple(
        replace(place, message=f"{other.distribution} here")
        for other in sites[1:]
        for place in other.frames[:1]
    )
    return Finding(
        code,
        severity,  # pyright: ignore[reportArgumentType]
        message,
        why,
        fix,
        locations=_places(site),
        related=related,
        module_path=site.module_path,
        stream=site.stream,
        count=count,
        lineage=tuple(tuple(str(step) for step in each.derivation) for each in sites),
    )


def _places(site: Site) -> tuple[Location, ...]:
    return (*site.frames, *site.library)
