"""Which stream a draw belongs to, and streams that were not served as they were asked for."""

from __future__ import annotations

import ast
from dataclasses import replace
from difflib import SequenceMatcher

from keystream._audit.judged import Judged, distinct
from keystream._audit.recording import Note, Recording
from keystream._evidence.source import argument, statement
from keystream._evidence.uses import Site
from keystream._findings import Location

_ASKS = ("make_rng", "stream", "next_rng_key")
NEAR = 0.6  # similarity from which one name passes for a misspelling of another


def assign(recording: Recording) -> None:
    """Give the sites the names of their streams, and mark what frameworks say about them.

    A collection is known at the line that asked for it. A draw inside `init` that is not of ``params``
    is thrown away. A draw shared by a lifted transform is declared where the parameters are shared
    over time too, and a mistake where each member has parameters of its own.
    """
    asked: dict[tuple[object, ...], set[str]] = {}
    for note in recording.notes:
        if note.kind in _ASKS and note.frames:
            place = note.frames[0]
            path = str(note.fields.get("path", ""))
            spots: list[tuple[object, ...]] = [(place.path, place.line)]
            spots += [(place.path, place.line, place.column), (place.path, place.line, path)]
            for spot in spots:
                asked.setdefault(spot, set()).add(note.fields["asked"])
    lifted = [note for note in recording.notes if note.kind == "lifted" and note.frames]
    for number, site in enumerate(recording.sites):
        stream = site.stream or _stream(site, asked)
        flags = site.flags
        if "initialising" in flags and stream and stream != "params":
            flags |= {"discarded"}
        flags |= _lifted(site, stream, lifted)
        if stream != site.stream or flags != site.flags:
            recording.sites[number] = replace(site, stream=stream, flags=flags)


def _stream(site: Site, asked: dict[tuple[object, ...], set[str]]) -> str:
    # Of two equal keys a plan knows the first derivation alone: the draw's own lines come before it.
    own = [place for frame in site.frames[:1] for place in _lines_of_statement(frame)]
    for place in (*own, *reversed(site.derived_at)):
        inner = site.module_path.partition("/")[2]  # Linen's scopes begin below the model's name
        spots: list[tuple[object, ...]] = [(place.path, place.line, inner)] if inner else []
        spots += [(place.path, place.line, place.column), (place.path, place.line)]
        for spot in spots:
            names = asked.get(spot, set())
            if len(names) == 1:
                return next(iter(names))
    return ""


def _lines_of_statement(frame: Location) -> list[Location]:
    """The place, and the other lines of its statement: a key may be asked for on one of them."""
    node = statement(frame)
    if node is None or isinstance(node, (ast.For, ast.While, ast.With, ast.If, ast.FunctionDef)):
        return [frame]
    lines = range(frame.line + 1, (node.end_lineno or frame.line) + 1)
    return [frame, *(replace(frame, line=number, column=0) for number in lines)]


# Of masks and noise one for all steps may be meant; of what is sampled step by step it never is.
_CHOICES = frozenset({"gumbel", "categorical", "choice", "randint", "permutation"})


def _lifted(site: Site, stream: str, lifted: list[Note]) -> set[str]:
    if site.kind != "draw":
        return set()
    inside = {(place.path, place.line) for place in site.stack}
    for note in lifted:
        place = note.frames[0]
        if (place.path, place.line) not in inside:
            continue
        name = stream or ("params" if "initialising" in site.flags else "")
        if name and name not in note.fields["shared"]:
            continue
        if name == "params" and not note.fields["own_parameters"]:
            return {"declared_shared"}
        if note.fields["own_parameters"]:
            return {"lifted"}
        if site.distribution in _CHOICES:
            return {"lifted", "declared_choices"}
        return {"declared_shared"}
    return set()


def declared_at(recording: Recording, site: Site) -> tuple[Location, ...]:
    """The line that declared the lifted transform around a site."""
    inside = {(place.path, place.line) for place in site.stack}
    notes = [note for note in recording.notes if note.kind == "lifted" and note.frames]
    return tuple(
        argument(note.fields["declared"], "split_rngs")
        for note in notes
        if (note.frames[0].path, note.frames[0].line) in inside
        and note.fields["declared"] is not None
    )


def name_restores(recording: Recording, found: list[Judged]) -> None:
    """Where a counter of draws went back, name first the lines that restored an earlier one."""
    notes = [note for note in recording.notes if note.kind == "counter_restored" and note.frames]
    for each in found:
        again = each.code == "KS201" and each.stream  # one draw a step: all repeat one key
        if notes and (each.code == "KS204" or again):
            each.code = "KS204"
            each.facts["restored"] = True
            each.related = (
                replace(each.locations[0], message="it repeats draws"),
                *each.related,
            )
            places = tuple(place for note in notes for place in note.frames)
            each.locations = distinct(places + each.locations)


def fallbacks(recording: Recording) -> list[Judged]:
    """Streams that were served from another one."""
    found: dict[object, Judged] = {}
    asked = {note.fields["asked"] for note in recording.notes if "asked" in note.fields}
    for note in recording.notes:
        if note.kind not in ("make_rng", "has_rng", "default_stream") or not note.frames:
            continue
        name, served, given = note.fields["asked"], note.fields["served"], note.fields["given"]
        if name == served:
            continue
        twin = next((each for each in given if each not in asked and _near(name, each)), "")
        if twin:
            code, severity = "KS407", "error"
        elif note.kind in ("has_rng", "default_stream"):
            continue
        elif note.fields["initialising"]:
            code, severity = "KS404", "warning" if note.fields.get("kept") else "note"
        else:
            code, severity = "KS401", "warning"
        judged = Judged(
            code,
            severity,
            distinct(note.frames),
            facts={
                "asked": name,
                "served": served,
                "given": given,
                "twin": twin,
                "kept": note.fields.get("kept", False),
            },
            module_path=note.fields["path"],
            stream=name,
            count=note.count,
        )
        found.setdefault((code, name, note.frames[0].path, note.frames[0].line), judged)
    return _one_each(list(found.values()))


def _one_each(judged: list[Judged]) -> list[Judged]:
    """One finding a code and stream: every layer asks in the same way."""
    kept: dict[object, Judged] = {}
    for each in judged:
        first = kept.setdefault((each.code, each.stream), each)
        if first is not each:
            first.count += each.count
            first.locations = distinct(first.locations + each.locations)
    return list(kept.values())


def _near(name: str, other: str) -> bool:
    return SequenceMatcher(None, name.lower(), other.lower()).ratio() >= NEAR
