"""How one seed is made a key, or sets a generator, again: by which loop, and for what."""

from __future__ import annotations

from dataclasses import dataclass

from keystream._evidence import loops, seeding
from keystream._evidence.consuming import feeds_loop, trains
from keystream._evidence.source import Loop, loops_at
from keystream._evidence.uses import FORK, HOST, Site
from keystream._findings import Location


@dataclass(frozen=True, slots=True)
class Reseeding:
    """One seed at one line, again; the attributes are those of a `Pair`."""

    turn: loops.Turn | None = None
    looped: Location | None = None
    rounds: bool = False
    feeds: bool = False
    looks: bool = False


def reseeding(made: Site, drawn: Site, *, alternates: bool) -> Reseeding:
    """How a line makes a key of one seed again.

    Args:
        made: the line.
        drawn: where the key is used.
        alternates: the line had made a key of another seed right before.
    """
    rounds = HOST in made.flags and alternates
    loop, looped = _loop_of_seed(made, rounds=rounds)
    if made.distribution.startswith(FORK):
        loop = looped = None  # what the processes make is nothing of the loop that starts them
    inside = trains(drawn.stack, looped)
    if loop is None or looped is None:
        return Reseeding(rounds=rounds, looks=inside is False)
    return Reseeding(
        turn=loops.turn_of(looped, loop),
        looped=looped,
        rounds=rounds,
        feeds=feeds_loop(looped, loop) if inside is None else inside,
        looks=inside is False,
    )


def _loop_of_seed(site: Site, *, rounds: bool) -> tuple[Loop | None, Location | None]:
    """The innermost loop in which one seed is made a key again, its turns not folded in.

    A loop that computes the seed of its turns goes through other seeds: one around it repeats them. So
    does the innermost loop of a line that goes through several seeds again.
    """
    found: Loop | None = None
    for place in site.stack:
        for loop in loops_at(place):
            if seeding.folds_turn(place, loop):
                continue
            if rounds:
                rounds = False
                continue
            found = found or loop
            if place != site.place or not seeding.numbers_turns(place, loop):
                return loop, place
        if found is not None:
            return found, place
    return None, None
