"""All readings of a recording, in one list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from keystream._audit import frames, hosted, modes, streams
from keystream._audit.earlier import drawn_earlier
from keystream._audit.failures import failed
from keystream._audit.generators import begun_again
from keystream._audit.judged import Judged
from keystream._audit.mistakes import repeated_keys
from keystream._audit.recording import Recording
from keystream._audit.repeats import repeated
from keystream._audit.shared import shared_draws
from keystream._evidence.pairs import Pair
from keystream._evidence.shared import Shared
from keystream._findings import Severity

Verdict = Callable[[Pair | Shared], "tuple[str, Severity] | None"]


def judged(recording: Recording, verdict: Verdict) -> list[Judged]:
    """Every mistake that the evidence shows, each once."""
    streams.assign(recording)
    _show_libraries(recording)
    verdicts = recording.evidence["repeats"] = repeated(recording, verdict)
    found = _causes(
        [
            *failed(recording),
            *repeated_keys(recording, verdicts),
            *begun_again(recording, verdict),
            *drawn_earlier(recording),
            *shared_draws(recording, verdict, verdicts.accounts),
            *streams.fallbacks(recording),
            *modes.rates(recording),
            *modes.switched(recording),
            *hosted.baked(recording),
            *hosted.legacy(recording),
            *hosted.unseen(recording),
        ]
    )
    streams.name_restores(recording, found)
    for each in found:
        if each.locations and not any(frames.is_user(place.path) for place in each.locations):
            each.severity = "note"  # no line of it is the user's to change
    return found


def _show_libraries(recording: Recording) -> None:
    """Where no line is the user's, the libraries' lines stand for it, JAX's aside."""
    for number, site in enumerate(recording.sites):
        if site.library and not site.stack:
            places = tuple(place for place in site.library if not frames.is_jax(place.path))
            flags = site.flags | {"library"}
            recording.sites[number] = replace(site, frames=places, flags=flags)


def _causes(found: list[Judged]) -> list[Judged]:
    """The mistakes without what merely follows from another of them.

    A stream that was served from another one repeats draws; so does a key that is a constant of a
    program, until the program ends of it.
    """
    ended = {each.code for each in found[:1] if "error" in each.facts}
    served = [each for each in found if each.code in ("KS401", "KS407")]
    return [
        each
        for number, each in enumerate(found)
        if not (number and each.code in ended)
        and not (each.code in _REPEATS and any(_follows(each, cause) for cause in served))
    ]


_REPEATS = ("KS101", "KS201", "KS203", "KS204")


def _follows(each: Judged, cause: Judged) -> bool:
    lines = {(place.path, place.line) for place in (*each.locations, *each.related)}
    return each.stream == cause.stream and any(
        (place.path, place.line) in lines for place in cause.locations
    )
