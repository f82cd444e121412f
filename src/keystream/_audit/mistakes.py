"""Mistakes among repeated keys: their places, steps and lineage, for the rules to put into words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from keystream._audit.frames import is_jax
from keystream._audit.judged import Judged, distinct
from keystream._audit.lineage import described
from keystream._audit.outcomes import Found
from keystream._audit.recording import Recording
from keystream._audit.repeats import Verdicts
from keystream._evidence.names import step_of
from keystream._evidence.paired import is_called_alike
from keystream._evidence.pairs import Pair
from keystream._evidence.relation import Relation
from keystream._evidence.source import statement
from keystream._evidence.uses import HOST, Making, Site, Stack
from keystream._findings import Location, Severity
from keystream._judge.words import Word, copied

_WAY = 4  # makings of a key whose lines a finding names
_VERBS = {"seed": "the key is made here", "split": "split here", "fold_in": "folded here"}


def repeated_keys(recording: Recording, verdicts: Verdicts) -> list[Judged]:
    """The mistakes among keys that were used again, one for each."""
    return _merged([_judged(recording, found) for found in verdicts.found])


def _merged(judged: list[Judged]) -> list[Judged]:
    """Findings of one code are one mistake where their first place is the same.

    So they are where two lines of one function hand on one key, whatever is derived of it there.
    """
    kept: dict[object, Judged] = {}
    handed_on: dict[object, object] = {}
    for each in judged:
        place = each.locations[0] if each.locations else None
        name: object = (each.code, place.path if place else "", place.line if place else 0)
        pair = each.facts["pair"]
        if pair.parted is not None and pair.relation is Relation.SAME_DERIVATION:
            name = handed_on.setdefault((each.code, pair.parted, pair.related.root), name)
        first = kept.setdefault(name, each)
        if first is not each:
            first.count += each.count
            first.facts["repeated"] |= each.facts["repeated"]
            first.facts["keys"] = len(first.facts["repeated"])
            first.locations = distinct(first.locations + each.locations)
            first.related = distinct(first.related + each.related)
            first.steps = _together(first.steps, each.steps)
            first.severity = _graver(first.severity, each.severity)
    return list(kept.values())


_GRAVE: tuple[Severity, ...] = ("error", "warning", "note")


def _graver(one: Severity, other: Severity) -> Severity:
    return one if _GRAVE.index(one) <= _GRAVE.index(other) else other


def _together(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])


def _judged(recording: Recording, found: Found) -> Judged:
    pair, pairs = found.pair, [found.pair, *found.pairs]
    uses = [use for each in pairs for use in (each.first, each.second)]
    sites = list({use.site: use.at for use in uses}.values())
    makings = list(
        {making.event: making for each in pairs for making in each.related.makings}.values()
    )
    last = pair.second.at
    lineage = recording.evidence["lineage"]
    uses = [use for each in pairs for use in (each.first, each.second)]
    made = [making.site for making in makings]
    made += [m.site for use in uses[:2] for m in lineage.way(use)[-_WAY:][::-1]]
    made += [use.making.site for use in uses if use.making is not None]
    facts = {
        "pair": pair,
        "made": _lines_of_keys(recording, made),
        "proven": found.severity == "error",
        "distributions": tuple(dict.fromkeys(s.distribution for s in sites if s.distribution)),
        "makers": tuple(recording.sites[making.site].distribution for making in makings),
        "first": pair.first.at.place,
        "keys": len(found.keys) + found.further,
        "repeated": set(found.keys),
        "streams": tuple(dict.fromkeys(site.stream for site in sites if site.stream)),
        "data": tuple(dict.fromkeys(making.data for making in makings)),
        "root": pair.related.root,
    }
    return Judged(
        found.code,
        found.severity,
        distinct(_places(recording, pair, pairs, makings)),
        distinct(tuple(_related(recording, pair, makings))),
        facts,
        module_path=last.module_path,
        stream=last.stream,
        steps=_steps(recording, found),
        count=max(found.count, 1),
        meant=pair.paired.value if pair.paired is not None else "",
        word=_copied(found),
        lineage=tuple(
            described(lineage, lineage.way(use)) or use.at.derivation
            for use in (pair.first, pair.second)
        ),
    )


def _copied(found: Found) -> Word | None:
    """What the names say that two calls of one function are bound to: a copy may begin alike."""
    parted = found.pair.parted
    if found.code != "KS101" or parted is None or not is_called_alike(*parted):
        return None
    nodes = ((place, statement(place)) for place in parted)
    bound = (
        (place, name)
        for place, node in nodes
        if isinstance(node, ast.Assign)
        for name in sorted(step_of(node).stores)
    )
    said = (copied(place, name) for place, name in bound)
    return next(filter(None, said), None)


def _lines_of_keys(recording: Recording, made: list[int]) -> Stack:
    """The lines that made keys; what a framework made them in is an object of its own, such as Rngs."""
    sites = [recording.sites[number] for number in dict.fromkeys(made)]
    of_jax = [site for site in sites if all(is_jax(place.path) for place in site.library)]
    return tuple(place for site in of_jax for place in _up_to_its_object(site.stack))


def _up_to_its_object(stack: Stack) -> Stack:
    """The lines that have the key in hand: the caller of what initialises an object has the object."""
    for number, place in enumerate(stack):
        if place.function.endswith("__init__"):
            return stack[: number + 1]
    return stack


def _places(recording: Recording, pair: Pair, pairs: list[Pair], makings: list[Making]) -> Stack:
    """All lines concerned: the most apt first, then the other uses, then where the keys were made."""
    made = [recording.sites[making.site] for making in makings]
    first: Stack = ()
    if pair.relation in (Relation.ALIAS, Relation.COLLISION) or pair.float_folded:
        folds = [site for site in made if site.kind == "fold_in"] or made
        first = folds[-1].stack if folds else ()
    elif pair.relation is Relation.SAME_SEED:
        first = made[-1].stack
    elif pair.looped is not None:
        first = (pair.looped,)
    elif pair.parted is not None and pair.one_place:
        first = (pair.parted[1],)
    first += pair.second.at.stack
    for each in pairs:
        first += each.second.at.stack[:2] + each.first.at.stack[:2]
        if each.looped is not None:
            first += (each.looped,)
    for site in made[:_WAY]:
        first += site.stack[:2]
    return first


def _related(recording: Recording, pair: Pair, makings: list[Making]) -> Iterator[Location]:
    place = pair.first.at.place
    if place is not None:
        yield replace(place, message="first used here")
    last = pair.second.making
    for making in makings[:2] or ([last] if last is not None else []):
        made: Site = recording.sites[making.site]
        if made.place is not None:
            begun = HOST in made.flags
            yield replace(made.place, message="it begins here" if begun else _VERBS[making.kind])


def _steps(recording: Recording, found: Found) -> tuple[int, int] | None:
    """First and last step: as the program set them, else counted at the site.

    Of one key its first use belongs to them; of several, the steps that repeat earlier ones do.
    """
    calls = found.calls | {(site, call) for site, ends in found.ends.items() for call in ends}
    if len(found.keys) == 1 and found.pair.one_stack:
        calls.add((found.pair.first.site, found.pair.first.call))
    if recording.steps:
        said = [recording.steps[call] for _, call in calls if call in recording.steps]
        return (min(said), max(said)) if said else None
    ordinals = [_ordinal(recording, use) for use in _ends(calls)]
    return (min(ordinals), max(ordinals)) if ordinals and max(ordinals) > 0 else None


def _ends(calls: set[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The first and last of some uses at each place."""
    by_site: dict[int, list[int]] = {}
    for site, call in calls:
        by_site.setdefault(site, []).append(call)
    for site, found in by_site.items():
        yield site, min(found)
        yield site, max(found)


def _ordinal(recording: Recording, use: tuple[int, int]) -> int:
    """How many calls used a key at a site before a call of it."""
    site, call = use
    known = recording.evidence.setdefault("calls_of", {})
    if site not in known:
        known[site] = np.unique(recording.key_calls[recording.key_sites == site])
    return int(np.searchsorted(known[site], call))
