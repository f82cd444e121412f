"""A plan as a recording: what a run of its call would have shown, as far as that is static.

Keys that an input leads to are whatever the input is, so one call shows all that they can repeat. A
key or seed that is part of the program is the same at each call: of what draws from these there is a
second one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from keystream._audit.recording import Recording
from keystream._audit.sites import planned_site
from keystream._evidence.uses import Stack
from keystream._plan.site import Made, Site

_KEYS = ("draw", "split", "fold_in", "clone")  # kinds of sites whose keys a recording holds
_UNKNOWN = 1 << 40  # keys of which nothing is static are each its own: no origin is as large
_AGAIN = 2  # turns that a loop of unknown length is taken to have


def recording_of(
    name: str, defined: Stack, sites: Sequence[Site], makings: Sequence[Made]
) -> Recording:
    """The recording of a call of a planned program, and of a second one as far as it repeats the first.

    Args:
        name: of the function.
        defined: where it is defined, which stands for the line that calls it.
        sites: of its plan.
        makings: the keys that they make.
    """
    uses = list(_uses(sites))
    edges = [(made, call) for call in (1, 2) for made in makings]
    return Recording(
        name,
        [
            replace(planned_site(site, (), ""), stream=site.stream, program=name, call=defined)
            for site in sites
        ],
        keys=np.array([key for key, _, _ in uses], np.uint64),
        key_sites=np.array([site for _, site, _ in uses], np.uint32),
        key_calls=np.array([call for _, _, call in uses], np.uint32),
        children=np.array([made.child for made, _ in edges], np.uint64),
        parents=np.array([made.parent % 2**64 for made, _ in edges], np.uint64),
        edge_sites=np.array([made.site for made, _ in edges], np.uint32),
        edge_calls=np.array([call for _, call in edges], np.uint32),
        edge_data=np.array([made.data % 2**64 for made, _ in edges], np.uint64),
        inner_repeats={site.id: alike for site in sites if (alike := _alike(site))},
        calls=2,
    )


def _uses(sites: Sequence[Site]) -> Iterator[tuple[int, int, int]]:
    """Key, site and call of each use, in the order of the program."""
    for call in (1, 2):
        for site in sites:
            if site.kind in _KEYS and (call == 1 or _is_part_of_the_program(site)):
                yield site.origin if site.origin >= 0 else _UNKNOWN + site.id, site.id, call


def _is_part_of_the_program(site: Site) -> bool:
    """Whether a key is the same in all calls: a constant, or made of a seed that is one."""
    if site.kind != "draw" or site.origin < 0:
        return False
    return site.root == "constant" or (
        site.root == "seed" and site.root_detail.lstrip("-").isdigit()
    )


def _alike(site: Site) -> dict[str, int]:
    """How many of a draw's turns and shards repeat an earlier one, by the kind of their loop."""
    if site.kind != "draw":
        return {}
    repeats: dict[str, int] = {}
    for loop in site.loops:
        further = (_AGAIN if loop.length is None else loop.length) - 1
        if loop.key_invariant and further > 0:
            repeats[loop.kind] = repeats.get(loop.kind, 0) + further
    return repeats
