"""Dropout with a rate that is none, that never draws in training, or that draws in evaluation."""

from __future__ import annotations

import ast
import math
import re
from collections import defaultdict
from dataclasses import replace
from itertools import chain, takewhile

import numpy as np

from keystream._audit.judged import Judged, distinct
from keystream._audit.recording import Note, Recording
from keystream._evidence.measuring import measured_at, samples
from keystream._evidence.source import statement
from keystream._evidence.uses import Site, Stack
from keystream._findings import Location

_LAYERS = re.compile(
    r"(flax/(linen|nnx/nn)/stochastic|equinox/nn/_dropout|haiku/_src/basic|keras/.*dropout)\.py$"
)


def rates(recording: Recording) -> list[Judged]:
    """Rates and probabilities outside of [0, 1], or of 1."""
    found: dict[object, Judged] = {}
    for note in recording.notes:
        if note.kind not in ("dropout", "probability") or not note.frames:
            continue
        value = note.fields["rate"] if note.kind == "dropout" else note.fields["value"]
        if value is None or 0.0 <= value < 1.0:
            continue
        if note.kind == "probability" and _inside_layer(recording, note):
            continue
        severity = "warning" if value == 1.0 else "error"
        place = note.frames[0]
        layer = note.fields.get("layer", "jax.random.bernoulli")
        judged = found.setdefault(
            (place.path, place.line, repr(value)),
            Judged("KS603", severity, note.frames, facts={"value": value, "layer": layer}),
        )
        judged.locations = distinct(judged.locations + note.frames)
    return list(found.values())


def _inside_layer(recording: Recording, note: Note) -> bool:
    """Whether a Dropout passed on the probability: its own note tells of the rate."""
    return any(
        other.kind == "dropout" and other.frames == note.frames and _bad(other.fields["rate"])
        for other in recording.notes
    )


def _bad(rate: float | None) -> bool:
    return rate is not None and (math.isnan(rate) or not 0.0 <= rate <= 1.0)


def switched(recording: Recording) -> list[Judged]:
    """Dropout that is off where the model is differentiated, or on where it is evaluated."""
    calls = [
        note
        for note in recording.notes
        if note.kind == "dropout"
        and note.frames
        and not note.fields["initialising"]
        and note.fields["rate"] != 0.0
    ] + _passed_by(recording)
    trained = [note for note in calls if note.fields["differentiated"]]
    drew = [note for note in trained if note.fields["deterministic"] is not True]
    switched = [note for note in recording.notes if note.kind == "switched_off"]
    if trained and not drew and not _differentiated_draws(recording):
        before = [note for note in switched if note.use <= trained[0].use]
        return [_led_by(before, _never(trained, calls))]
    found = _evaluations(recording)
    ceased = [note for note in trained if _ceased(note, drew)]
    if ceased:
        return [_led_by(switched, _never(ceased, calls)), *found]
    silent = [] if switched else [note for note in trained if _is_left_out(note, calls, drew)]
    if silent:
        found.insert(0, _never(silent, silent))
        found[0].facts["beside"] = True
    return found


def _passed_by(recording: Recording) -> list[Note]:
    """Calls of Haiku's transformed functions that come to no Dropout, though other calls of them do.

    What is off there is not called at all, so the call stands for the layer.
    """
    notes = [note for note in recording.notes if note.kind == "transformed" and note.frames]
    rates = {
        note.fields["model"]: note.fields["rates"][0] for note in notes if note.fields["rates"]
    }
    return [
        replace(
            note,
            kind="dropout",
            fields={
                "layer": "haiku.dropout",
                "rate": rates[note.fields["model"]],
                "deterministic": True,
                "differentiated": True,
                "initialising": False,
                "path": "",
                "collection": "rng",
            },
        )
        for note in notes
        if note.fields["trained"] and not note.fields["rates"] and note.fields["model"] in rates
    ]


def _led_by(switched: list[Note], found: Judged) -> Judged:
    """The finding with the lines first where the model was switched: they are what to mend."""
    places = tuple(chain.from_iterable(note.frames for note in switched))
    if places:
        found.related = (replace(found.locations[0], message="the layer"),)
        found.locations = distinct(places + found.locations)
    return found


def _ceased(note: Note, drew: list[Note]) -> bool:
    """Whether a layer is off in the very call of a training step in which it drew before."""
    return note.fields["deterministic"] is True and any(
        each.frames == note.frames
        and each.fields["path"] == note.fields["path"]
        and each.use < note.use
        for each in drew
    )


def _is_left_out(note: Note, calls: list[Note], drew: list[Note]) -> bool:
    """Whether a layer never draws, in a model whose other layers do, and nobody wrote that it shall not.

    A part that is kept from training, a frozen backbone say, is told so by a constant in a call.
    """
    mine = [each for each in calls if _layer(each) == _layer(note)]
    if any(each.fields["deterministic"] is not True for each in mine):
        return False
    nearest = max((_in_common(each, note) for each in drew), key=len, default=set())
    own = [place for place in note.frames if (place.path, place.line) not in nearest]
    return bool(nearest) and not any(map(_gives_constant_flag, own))


def _in_common(one: Note, other: Note) -> set[tuple[str, int]]:
    """The lines that led to both layers."""
    lines = [{(place.path, place.line) for place in note.frames} for note in (one, other)]
    return lines[0] & lines[1]


def _layer(note: Note) -> tuple[str, int, str]:
    place = note.frames[0]
    return place.path, place.line, note.fields.get("path", "")


def _gives_constant_flag(place: Location) -> bool:
    """Whether a call on the line passes True or False."""
    node = statement(place)
    return node is not None and any(
        isinstance(part, ast.Constant) and isinstance(part.value, bool)
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        for part in (*call.args, *(keyword.value for keyword in call.keywords))
    )


def _differentiated_draws(recording: Recording) -> bool:
    ran = recording.ran
    return any(
        number in ran and "differentiated" in site.flags and _is_layer(site)
        for number, site in enumerate(recording.sites)
    )


def _never(trained: list[Note], calls: list[Note]) -> Judged:
    """One finding for the model: all its Dropouts get the same flag."""
    first = trained[0]
    elsewhere = [note for note in calls if note.fields["deterministic"] is False]
    places = first.frames
    for note in [*trained[1:], *elsewhere]:
        places += note.frames
    facts = {
        "layer": first.fields["layer"],
        "rate": first.fields["rate"],
        "elsewhere": bool(elsewhere),
        "layers": len({note.frames[0] for note in trained}),
        "ceased": any(note.frames == first.frames for note in elsewhere),
    }
    return Judged(
        "KS602",
        "warning",
        distinct(places),
        facts=facts,
        module_path=first.fields["path"],
        stream=first.fields["collection"],
    )


def _evaluations(recording: Recording) -> list[Judged]:
    """Masks drawn where no gradient is taken, at a place where training draws them too.

    Drawing several masks for one input is a way to measure uncertainty; a result that the program
    goes on training with belongs to the training.
    """
    ran = recording.ran
    sites = [
        (number, site)
        for number, site in enumerate(recording.sites)
        if number in ran and site.kind == "draw" and site.stack and _masks(site)
        and not site.flags & {"remat", "backward", "discarded", "initialising"}
    ]  # fmt: skip
    trained: dict[tuple[str, int], list[Site]] = defaultdict(list)
    for _, site in sites:
        if "differentiated" in site.flags:
            trained[_spot(site)].append(site)
    found: dict[object, Judged] = {}
    for number, site in sites:
        if "differentiated" in site.flags or _spot(site) not in trained:
            continue
        around = _outside(site, trained[_spot(site)])
        if measured_at(around) is None:
            continue
        keys = recording.keys[recording.key_sites == number]
        if samples(site, around, fresh=len(np.unique(keys)) > 1):
            continue
        place = around[0]  # where the model is called, and its mode is set
        judged = Judged(
            "KS601",
            "warning",
            distinct((place, *site.stack)),
            facts={"site": site, "place": place},
            module_path=site.module_path,
            stream=site.stream,
        )
        found.setdefault((place.path, place.line), judged)
    return list(found.values())


def _outside(site: Site, trained: list[Site]) -> Stack:
    """The lines around the model: those from where on the evaluation's way is not the training's."""
    shared = max(_shared(site.stack, other.stack) for other in trained)
    return site.stack[shared:] or site.stack[-1:]


def _shared(one: Stack, other: Stack) -> int:
    """How many lines two ways to a draw have in common, from the draw outward."""
    pairs = zip(one, other, strict=False)
    alike = takewhile(
        lambda pair: pair[0].path == pair[1].path and pair[0].line == pair[1].line, pairs
    )
    return sum(1 for _ in alike)


def _spot(site: Site) -> tuple[str, int]:
    return (site.stack[0].path, site.stack[0].line)


def _masks(site: Site) -> bool:
    return site.distribution == "bernoulli" or _is_layer(site)


def _is_layer(site: Site) -> bool:
    return any(_LAYERS.search(place.path) for place in site.library)
