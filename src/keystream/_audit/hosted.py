"""Randomness that is not JAX's, frozen into compiled programs; legacy keys; what was not seen."""

from __future__ import annotations

from keystream._audit.judged import Judged, distinct
from keystream._audit.recording import Recording
from keystream._evidence.pairs import Pair


def baked(recording: Recording) -> list[Judged]:
    """The host's randomness asked for while JAX traced: a constant of the compiled program."""
    found: dict[object, Judged] = {}
    for note in recording.notes:
        if note.kind != "host" or not note.frames:
            continue
        name = note.fields["name"]
        if name.startswith("time."):
            continue  # a clock read while tracing times the tracing; only seeds made of it matter
        place = note.frames[0]
        found.setdefault(
            (place.path, place.line),
            Judged("KS501", "error", distinct(note.frames), facts={"name": name}, count=note.count),
        )
    return list(found.values())


def legacy(recording: Recording) -> list[Judged]:
    """Keys made by ``PRNGKey``: arrays of plain numbers that nothing protects."""
    places = tuple(
        site.stack[0]
        for site in recording.sites
        if site.kind == "seed" and site.distribution == "PRNGKey" and site.stack
    )
    return [Judged("KS105", "note", distinct(places), count=len(places))] if places else []


def unseen(recording: Recording) -> list[Judged]:
    """What the audit could not look into, and repeated draws that it can't explain."""
    unexplained = recording.evidence["repeats"]
    found = _unexplained(unexplained.accounts.unexplained, unexplained.unexplained)
    if not recording.unseen:
        return found
    return [
        *found,
        Judged(
            "KS902",
            "note",
            facts={"reasons": dict(recording.unseen)},
            count=sum(recording.unseen.values()),
        ),
    ]


def _unexplained(count: int, pairs: list[Pair]) -> list[Judged]:
    if not count:
        return []
    places = tuple(
        place for pair in pairs for place in (*pair.second.at.stack, *pair.first.at.stack)
    )
    facts = {"reasons": {}, "unexplained": count}
    return [Judged("KS902", "warning", distinct(places), facts=facts, count=count)]
