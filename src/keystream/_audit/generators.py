"""Generators of NumPy and Python that began at one seed again, judged like keys made again of a seed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from keystream._audit.beginnings import Begun
from keystream._audit.judged import Judged
from keystream._audit.mistakes import repeated_keys
from keystream._audit.recording import Recording
from keystream._audit.repeats import Predicate, repeated
from keystream._evidence.uses import Site


def begun_again(recording: Recording, predicate: Predicate) -> list[Judged]:
    """The mistakes among generators that began again; their books are ``evidence["generators"]``."""
    if not recording.begun:
        return []
    uses = as_recording(recording.begun)
    verdicts = recording.evidence["generators"] = repeated(uses, predicate)
    found = repeated_keys(uses, verdicts)
    return [replace(each, lineage=()) for each in found]


def as_recording(begun: Iterable[Begun]) -> Recording:
    """The beginnings as a recording: a seed makes a key, and the first draw uses it.

    The key stands for a state that one line set: two lines with one seed may want the same data.
    """
    made = Recording()
    numbers: dict[object, int] = {}
    keys: dict[object, int] = {}
    columns: list[tuple[int, int, int]] = []
    for each in begun:
        for site in (each.made, each.drawn):
            if id(site) not in numbers:  # a worker sends equal ones
                numbers[id(site)] = numbers.setdefault(_content(site), len(made.sites))
                made.sites += [site] if numbers[id(site)] == len(made.sites) else []
        place = each.made.frames[0]
        key = keys.setdefault((each.state, place.path, place.line), len(keys))
        columns.append((key, numbers[id(each.made)], numbers[id(each.drawn)]))
        if each.step is not None:
            made.steps[2 * len(columns)] = each.step
    table = np.array(columns, np.uint64)
    calls = 2 * np.arange(1, len(table) + 1, dtype=np.uint32)
    made.keys = made.children = made.parents = table[:, 0]
    made.edge_sites, made.key_sites = table[:, 1].astype(np.uint32), table[:, 2].astype(np.uint32)
    made.key_calls, made.edge_calls = calls, calls - np.uint32(1)
    made.edge_data = np.zeros(len(table), np.uint64)
    made.calls = 2 * len(table)
    return made


def _content(site: Site) -> object:
    return site.kind, site.distribution, site.shape, site.trail
