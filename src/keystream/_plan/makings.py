"""The keys that the sites of a program make, as the expressions of its keys show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from keystream._plan.origin import Node, Origins
from keystream._plan.site import Made, Site


def makings(origins: Origins, sites: Sequence[Site]) -> tuple[Made, ...]:
    """Each key that is made, by every site that makes it, in the order of the program."""
    makers: dict[Any, list[Site]] = {}
    for site in sites:
        made = _made_by(origins, site)
        if made is not None:
            makers.setdefault(made, []).append(site)
    found = [
        Made(site.id, parent, origins.nodes[child].value, data)
        for child, node in enumerate(origins.nodes)
        for maker, parent, data in _made_of(origins, node)
        for site in makers.get(maker, ())
    ]
    return tuple(sorted(found, key=lambda made: made.site))


def _made_by(origins: Origins, site: Site) -> Any:
    """What a site makes keys of: its key, and what else decides which."""
    key = origins.keys.get(site.id)
    if site.kind == "split":
        return "split", key, site.shape
    if site.kind == "fold_in":
        return "fold_in", key, origins.data.get(site.id)
    return ("seed", key) if site.kind == "seed" else None


def _made_of(origins: Origins, node: Node) -> Iterator[tuple[Any, int, int]]:
    """How a key was made: what its maker makes keys of, the parent's value, and the data."""
    if node.op == "index" and origins.nodes[node.arguments[0]].op == "split":
        split, (axis, row) = origins.nodes[node.arguments[0]], cast("tuple[int, int]", node.detail)
        shape = cast("tuple[Any, int]", split.detail)[0]
        if axis == 0:
            (parent,) = split.arguments
            yield ("split", parent, tuple(shape)), origins.nodes[parent].value, row
    elif node.op == "fold_in":
        parent, data = node.arguments
        folded = origins.number(data)
        yield ("fold_in", parent, data), origins.nodes[parent].value, folded or 0
    elif node.op == "seed":
        (seed,) = node.arguments
        number = origins.number(seed)
        if number is not None:
            yield ("seed", seed), number, 0
