"""Which equations the keys of some sites need: dead-code elimination from the sites back.

JAX's own elimination keeps whatever has an effect, and does not prune ``while``. Here an effect is
never kept: what needs one is reported by `tainted`, and its site is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from keystream._plan import primitives
from keystream._plan.regions import Draft, Region

Wants = Callable[[Draft], str]  # "" for nothing, "key" for the operands, "result" for what it makes


def mark(program: Region, wants: Wants) -> set[int]:
    """Mark in every region what the wanted sites need.

    Args:
        program: the outermost region.
        wants: of each site, what is wanted.

    Returns:
        The flat inputs that are read.
    """
    for region in program.below():
        region.needed, region.wanted, region.carry, region.results = set(), set(), set(), set()
    _select(program, wants)
    return _mark(program, set(), wants)


def _select(region: Region, wants: Wants) -> bool:
    own = any(wants(draft) for draft in region.sites.values())
    below = [_select(child, wants) for place in region.entered for child in region.entered[place]]
    region.selected = own or any(below)
    return region.selected


def _mark(region: Region, results: set[int], wants: Wants) -> set[int]:
    """Mark a region for these results and the wanted sites in it; return the inputs it reads."""
    jaxpr = region.jaxpr
    region.results, region.needed = set(results), set()
    needed: set[Any] = set()
    _add(needed, (jaxpr.outvars[place] for place in results))
    for place in _candidates(region, needed):
        equation = jaxpr.eqns[place]
        asked = {number for number, var in enumerate(equation.outvars) if var in needed}
        draft = region.sites.get(place)
        wanted = wants(draft) if draft is not None else ""
        if wanted == "key" and draft is not None:
            _add(needed, key_operands(equation, draft))
        below = region.entered.get(place, ())
        inside = any(child.selected for child in below)
        if not (asked or inside or wanted == "result"):
            continue
        region.needed.add(place)
        reads = _reads(region, place, asked, wants) if wanted != "result" else None
        if reads is None:
            _add(needed, equation.invars)
        else:
            _add(needed, (equation.invars[number] for number in reads))
    region.wanted = {number for number, var in enumerate(jaxpr.invars) if var in needed}
    return region.wanted


def _candidates(region: Region, needed: Collection[Any]) -> range:
    return range(len(region.jaxpr.eqns) - 1, -1, -1) if needed or region.selected else range(0)


def _add(needed: set[Any], variables: Any) -> None:
    needed.update(var for var in variables if not hasattr(var, "val"))


def key_operands(equation: Any, draft: Draft) -> list[Any]:
    """The operands of a site that are observed."""
    if equation.primitive.name == "threefry2x32":
        return list(equation.invars[:2])
    if draft.kind == "fold_in":
        return list(equation.invars[:2])
    return [equation.invars[draft.operand]] if draft.operand >= 0 else []


def _reads(region: Region, place: int, asked: set[int], wants: Wants) -> set[int] | None:
    """The operands that an equation with jaxprs needs; None for all of them."""
    equation = region.jaxpr.eqns[place]
    kind = primitives.structure(equation)
    if equation.primitive.name == primitives.BARRIER or place in region.identities:
        return asked if equation.primitive.name == primitives.BARRIER else {1}
    if kind is None or place in region.sites or primitives.own_name(equation):
        return None
    children = region.children(place)
    if kind in ("call", "shards"):
        return _mark(children[0], asked, wants)
    if kind == "cond":
        reads = {0}
        for branch in children:
            reads |= {number + 1 for number in _mark(branch, asked, wants)}
        return reads
    if kind == "scan":
        return _scan(equation, children[0], asked, wants)
    return _while(equation, children, asked, wants)


def _scan(equation: Any, body: Region, asked: set[int], wants: Wants) -> set[int]:
    consts, carried = primitives.scan_sizes(equation)
    stacked = {place for place in asked if place >= carried}
    carry = asked - stacked
    while True:
        reads = _mark(body, carry | stacked, wants)
        also = {place - consts for place in reads if consts <= place < consts + carried} - carry
        if not also:
            break
        carry |= also
    body.carry = carry
    return reads | {place + consts for place in carry}


def _while(equation: Any, children: tuple[Region, ...], asked: set[int], wants: Wants) -> set[int]:
    tested, bodied = equation.params["cond_nconsts"], equation.params["body_nconsts"]
    condition, body = children
    of_condition = _mark(condition, {0}, wants)
    carry = set(asked) | {place - tested for place in of_condition if place >= tested}
    while True:
        of_body = _mark(body, carry, wants)
        also = {place - bodied for place in of_body if place >= bodied} - carry
        if not also:
            break
        carry |= also
    body.carry, body.asked = carry, asked
    return (
        {place for place in of_condition if place < tested}
        | {place + tested for place in of_body if place < bodied}
        | {place + tested + bodied for place in carry}
    )
