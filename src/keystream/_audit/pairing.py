"""Two uses of a key with what their program says of them: the loop, the lines at which they part."""

from __future__ import annotations

import ast
from bisect import bisect_left
from itertools import pairwise, takewhile
from math import prod

import numpy as np

from keystream._audit import frames
from keystream._audit.lineage import Lineage
from keystream._audit.recording import Recording
from keystream._audit.reseeding import Reseeding, reseeding
from keystream._evidence import derivatives, flow, loops, paired, seeding, watching
from keystream._evidence.cancelling import cancels
from keystream._evidence.comparing import asserted_in_order
from keystream._evidence.consuming import trains, trains_itself
from keystream._evidence.leaving import callers_compare
from keystream._evidence.names import call_at
from keystream._evidence.numbering import numbers_alone
from keystream._evidence.paired import Paired
from keystream._evidence.pairs import Pair
from keystream._evidence.relation import Related, Relation
from keystream._evidence.source import Loop, called, loops_at, scope_of, statement
from keystream._evidence.uses import Site, Stack, Use
from keystream._findings import Location
from keystream._judge.excuses import Excuse, Excused, parting, tries_again

_ANCESTORS = 64  # of a key, that are looked at


class Pairing:
    """Makes pairs of uses.

    Args:
        recording: the run.
        lineage: of its keys.
    """

    def __init__(self, recording: Recording, lineage: Lineage) -> None:
        self._recording, self._lineage, self._sites = recording, lineage, recording.sites
        restores = [note for note in recording.notes if note.kind == "restored"]
        self._restored = sorted(use for note in restores for use in note.fields["uses"])
        self._clones = sum(note.count for note in recording.notes if note.kind == "cloned")
        self._restoring = {(place.path, place.line) for note in restores for place in note.frames}
        self._restored_by = {  # the lines that call what restores, with the name of that
            (place.path, place.line, inner.function.rpartition(".")[2])
            for note in restores
            for inner, place in pairwise(note.frames)
        }

    def pair(self, first: Use, second: Use, related: Related) -> Pair:
        """The pair of two uses, which nothing excuses."""
        makings = related.makings
        sites = [self._sites[making.site] for making in makings]
        parted = parting(first.at.stack, second.at.stack)
        seeds: tuple[Location, ...] = ()
        turn = looped = None
        again = Reseeding()
        if related.relation is Relation.SAME_SEED:
            seeds = tuple(site.place for site in sites if site.place is not None)
            if sites[0].stack == sites[-1].stack:
                again = reseeding(
                    sites[-1], second.at, alternates=self._lineage.alternates(makings[-1])
                )
                turn, looped = again.turn, again.looped
                parted = None
            else:
                parted = parting(sites[0].stack, sites[-1].stack)
                again = Reseeding(feeds=trains(second.at.stack, None) is True)
        elif parted is None:
            together = _together(first.at.stack, second.at.stack)
            turn, looped = self._turn(second, related, together)
            if turn is None and related.relation is Relation.ONE_MAKING and _by_program(second.at):
                turn, looped = _turn_around(together)
        meeting = flow.meeting(*parted, pure=lambda _: False) if parted is not None else None
        place = parted[1] if parted is not None else looped
        return Pair(
            first,
            second,
            related,
            parted=parted,
            meeting=meeting,
            turn=turn,
            looped=looped,
            watches=self._watches(first, second, related, looped)
            or (looped is not None and watching.watches_object(second.at.stack, looped)),
            seeds=seeds,
            direct=place is not None and all(_is_in(seed, place) for seed in seeds),
            sequence=self._is_sequence(second),
            restored=bool(makings) and self._has_restored(first, second, related),
            overwritten=parted is not None
            and not (again.feeds and self._survives(makings[-1].call, second.call))
            and self._is_overwritten(second.at.stack, parted[1]),
            entered_with_arguments=_has_arguments(second.at),
            float_folded=any("float" in site.flags for site in sites),
            counted=_made_in("/flax/nnx/", sites),
            copied=self._is_copied(second),
            hashed=_made_in("/flax/core/", sites),
            seed_handed=bool(seeds) and seeding.hands_named_seed(sites[-1]),
            settings_differ=bool(seeds) and seeding.settings_differ(sites),
            seeds_meet=bool(seeds)
            and seeding.is_sum(seeds[-1])
            and self._lineage.meets(makings[-1].site),
            element_seeded=_is_declared(seeds[-1], turn, looped)
            if looped is not None and seeds
            else bool(sites) and bool(seeds) and all(map(seeding.is_handed_element, sites)),
            rounds=again.rounds,
            feeds=again.feeds,
            looks=again.looks,
            whole_run=seeding.is_whole_run(sites[-1] if seeds else second.at, looped)
            if looped is not None
            else bool(seeds) and parted is None and trains_itself(second.at.stack),
            paired=Paired.ORDERED
            if turn is not None
            and turn.ranked
            and turn.varied
            and not turn.carried
            and not _tells_number(second.at.stack, looped)
            else Paired.CANCELS
            if cancels(first.at.stack, second.at.stack)
            else self._paired((first, second), related, parted, looped, meeting),
        )

    def excuse(self, pair: Pair) -> Excused | None:
        """What excuses the turns of a loop: they are compared with each other, or dropped."""
        turn, place = pair.turn, pair.looped or pair.second.at.place
        if (turn is not None and turn.compared) or pair.meeting is flow.Meeting.COMPARED:
            return Excused(Excuse.COMPARED, place)
        made_alike = pair.relation in (Relation.ONE_MAKING, Relation.SAME_DERIVATION)
        if turn is not None or not made_alike:
            return None
        site = pair.second.at
        if tries_again(pair.first.at, site):
            return Excused(Excuse.RETRY, place)
        if pair.one_stack and not _by_program(site) and not self._is_callback(pair):
            return Excused(Excuse.LIBRARY, place)
        return None

    def _paired(
        self,
        uses: tuple[Use, Use],
        related: Related,
        parted: tuple[Location, Location] | None,
        looped: Location | None,
        meeting: flow.Meeting | None,
    ) -> Paired | None:
        """How the function in which two uses part, or are repeated, shows that they shall draw alike."""
        places = parted or ((looped, looped) if looped is not None else None)
        if places is None or related.relation not in (
            Relation.ONE_MAKING,
            Relation.SAME_DERIVATION,
        ):
            return None  # what makes a key of its own says nothing of the key of another
        sites = [(use.at, place) for use, place in zip(uses, places, strict=True)]
        if any(_is_sampler(*each) for each in sites):
            return None
        if paired.in_contrast(places[0]) if parted is None else paired.contrasted(*places):
            return None if any(_descends(*each) for each in sites) else Paired.CONTRAST
        if parted is None:
            return None
        stack = uses[1].at.stack
        outer = stack[stack.index(places[1]) + 1 :] if places[1] in stack else ()
        if paired.is_called_alike(*places) and callers_compare(*places, outer):
            return Paired.CONTRAST
        return (
            Paired.ASSERTED if asserted_in_order(*parted) else self._beside(uses, parted, meeting)
        )

    def _beside(
        self, uses: tuple[Use, Use], parted: tuple[Location, Location], meeting: flow.Meeting | None
    ) -> Paired | None:
        """Whether two uses stand beside each other: one printed, or both transforming arrays alike."""
        if uses[0].at.place == uses[1].at.place and flow.is_one_shown(*parted):
            return Paired.SHOWN
        fed = meeting is flow.Meeting.FED
        if uses[0].at.place == uses[1].at.place and not fed and paired.looks_again_later(*parted):
            return Paired.AGAIN
        beside = meeting is not flow.Meeting.FED and paired.kept_beside(*parted)
        return Paired.JOINT if beside and all(map(self._draws_few, uses)) else None

    def _draws_few(self, use: Use) -> bool:
        """Whether a draw has a few numbers for each key: they decide for a whole array."""
        rows = self._recording.key_sites == use.site
        keys = int(np.count_nonzero(rows & (self._recording.key_calls == use.call)))
        return use.role == "draw" and prod(use.at.shape) <= _FEW * max(keys, 1)

    # Loops.

    def _turn(
        self, use: Use, related: Related, stack: Stack
    ) -> tuple[loops.Turn | None, Location | None]:
        """The loop in which a key that was made before it is used again and again.

        Args:
            use: the later use.
            related: how it repeats another.
            stack: the lines by which both were reached, outermost first.
        """
        origin = self._origin(use, related)
        depth = _common(origin, stack)
        found: tuple[loops.Turn | None, Location | None] = (None, None)
        for number, place in enumerate(stack):
            if number < depth - 1:
                continue
            made_at = origin[number] if number == depth - 1 and number < len(origin) else None
            loop = loops.loop_between(place, made_at)
            if loop is None or self._derives_of_element(related, place, loop):
                continue
            turn = loops.turn_of(place, loop, stack[:number:-1], stack[:number][::-1])
            if found == (None, None):
                found = turn, place
                if turn is None or not turn.state:
                    break
            elif turn is not None and turn.alike and turn.used and not turn.compared:
                return turn, place  # each look at what is trained repeats the draw by itself
        return found

    def _derives_of_element(self, related: Related, place: Location, loop: Loop) -> bool:
        """Whether the turns of a loop hand keys of their own to the function that derives of them."""
        if related.relation is not Relation.SAME_DERIVATION:
            return False
        stack = self._sites[related.makings[0].site].stack
        inner = stack[stack.index(place) - 1] if place in stack[1:] else None
        return inner is not None and seeding.hands_element(place, loop, inner)

    def _watches(self, first: Use, second: Use, related: Related, looped: Location | None) -> bool:
        """Whether both uses look again at what a loop inside of their parting changes.

        Args:
            first: the earlier use.
            second: the later one.
            related: how their keys came to be equal.
            looped: the line in the loop that repeats them; None where they part.
        """
        if related.relation is Relation.SAME_SEED:
            return False
        origin = self._origin(second, related)
        depth = _alike(first.at.stack[::-1], second.at.stack[::-1])
        stacks = [use.at.stack for use in (first, second)]
        inside = [stack[: len(stack) - depth] or stack for stack in stacks]
        if looped is not None and looped in stacks[1] and stacks[0] == stacks[1]:
            inside = [stack[: stack.index(looped)] for stack in stacks]
        return all(loops.looks_again(stack, origin) for stack in inside)

    def _origin(self, use: Use, related: Related) -> Stack:
        """Where the key was made that repeats, outermost line first."""
        making = use.making
        if related.makings:
            making = self._lineage.made(related.root, related.makings[0].call)
        return self._sites[making.site].stack[::-1] if making is not None else ()

    def _is_callback(self, pair: Pair) -> bool:
        """Whether a library calls a function of the user's again, in which the key is used."""
        site, origin = pair.second.at, self._origin(pair.second, pair.related)
        if self._is_handed_in(pair.second):
            return True
        depth = _common(origin, site.stack[::-1])
        outer = {(p.path, p.line, p.function) for p in site.stack[::-1][:depth]}
        inner = [p for p in site.trail if (p.path, p.line, p.function) not in outer]
        library_seen = False
        for place in inner:
            user = frames.is_user(place.path)
            if user and library_seen:
                return True
            library_seen = library_seen or not (user or frames.is_jax(place.path))
        return bool(site.call) and site.frames[:1] != () and not set(site.frames) <= set(site.call)

    def _is_handed_in(self, use: Use) -> bool:
        """Whether the key descends from one made in no function that is running: a thread was handed it.

        What threads derive of it at once can't be told apart, so the nearest making may be another
        thread's.
        """
        making, stack = use.making, use.at.stack[::-1]
        for _ in range(_ANCESTORS):
            if making is None:
                return False
            made_at = self._sites[making.site].stack[::-1]
            if made_at and stack and not _common(made_at, stack):
                return True
            making = (
                self._lineage.made(making.parent, making.call) if making.kind != "seed" else None
            )
        return False

    def _is_copied(self, use: Use) -> bool:
        """Whether the key was used no oftener than by a model and each of its clones once."""
        return bool(self._clones) and (
            int(np.count_nonzero(self._recording.keys == np.uint64(use.key))) <= 1 + self._clones
        )

    # Lines at which two uses part.

    def _has_restored(self, first: Use, second: Use, related: Related) -> bool:
        """Whether the second run restored what had been saved, and the first did not.

        Two runs that both restore do the same from their beginning on, and are no resumed ones.
        """
        one, other = related.makings
        return self._restores(other.call, second.call) and not self._restores(one.call, first.call)

    def _restores(self, made: int, used: int) -> bool:
        """Whether something was restored from right before a key was made up to its use."""
        calls = self._recording.key_calls
        before = int(np.searchsorted(calls, made))
        last = int(calls[before - 1]) if before else 0
        at = bisect_left(self._restored, last)
        return at < len(self._restored) and self._restored[at] <= used

    def _survives(self, made: int, used: int) -> bool:
        """Whether a key was made, then something restored, and the key used all the same."""
        at = bisect_left(self._restored, made)
        return at < len(self._restored) and self._restored[at] < used

    def _is_overwritten(self, stack: Stack, parted: Location) -> bool:
        """Whether what was saved takes the place of what a line makes, from a parting line inwards."""
        inner = stack[: stack.index(parted) + 1] if parted in stack else (parted,)
        readers = (flow.reader_of(place) for place in inner)
        return self._is_template(parted) or any(
            reader is not None and (reader.path, reader.line) in self._restoring
            for reader in readers
        )

    def _is_template(self, place: Location) -> bool:
        """Whether the call at a place is an argument of one that restores: it says what was saved."""
        node = statement(place)
        call = call_at(node, place) if node is not None else None
        if node is None or call is None:
            return False
        return any(
            part is call
            for each in ast.walk(node)
            if isinstance(each, ast.Call)
            and (place.path, place.line, called(each.func)) in self._restored_by
            for part in (*each.args, *(keyword.value for keyword in each.keywords))
        )

    def _is_sequence(self, use: Use) -> bool:
        """Whether several keys are repeated at the place of a use."""
        return len(self._repeated_at.get(use.site, ())) > 1

    @property
    def _repeated_at(self) -> dict[int, set[int]]:
        """The keys that each place drew from in several calls, a few of them."""
        found = self._recording.evidence.get("repeated_at")
        if found is None:
            found = self._recording.evidence["repeated_at"] = _repeated_at(self._recording)
        return found


def _repeated_at(recording: Recording) -> dict[int, set[int]]:
    from keystream._audit.again import drawn_again  # noqa: PLC0415

    found: dict[int, set[int]] = {}
    seen: dict[tuple[int, int], int] = {}
    rows = drawn_again(recording).rows[: 1 << 16]
    columns = recording.keys[rows], recording.key_sites[rows], recording.key_calls[rows]
    for key, site, call in zip(*(column.tolist() for column in columns), strict=True):
        if seen.setdefault((key, site), call) != call:
            found.setdefault(site, set()).add(key)
    return found


def _common(one: Stack, other: Stack) -> int:
    """How many functions two stacks have in common from the outermost, the last at any line."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if (mine.path, mine.function) != (theirs.path, theirs.function):
            break
        count += 1
        if mine != theirs:
            break
    return count


def _alike(one: Stack, other: Stack) -> int:
    """How many lines two stacks have in common, from the outermost."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _by_program(site: Site) -> bool:
    """Whether nothing but JAX stands between the line of the program and what it draws."""
    return all(frames.is_jax(place.path) for place in site.library)


def _turn_around(stack: Stack) -> tuple[loops.Turn | None, Location | None]:
    """The innermost loop around some lines: its first turn made a key that the others find made.

    Args:
        stack: outermost line first.
    """
    for number, place in reversed(list(enumerate(stack))):
        for loop in loops_at(place):
            return loops.turn_of(place, loop, stack[:number:-1]), place
    return None, None


def _tells_number(stack: Stack, looped: Location | None) -> bool:
    """Whether a turn of a loop hands its number on to a function that only prints it."""
    at = stack.index(looped) if looped in stack else 0
    return looped is not None and at > 0 and numbers_alone(looped, stack[at - 1])


def _together(one: Stack, other: Stack) -> Stack:
    """The lines that two stacks, innermost first, have in common: outermost first."""
    return one[::-1][: _alike(one[::-1], other[::-1])]


def _is_in(seed: Location, place: Location) -> bool:
    return (seed.path, seed.function) == (place.path, place.function)


_FEW = 4  # numbers that decide for a whole array: whether to flip it, where to cut it


def _is_sampler(site: Site, place: Location) -> bool:
    """Whether the call at a place is a sampler of JAX: nothing of the program stands in between."""
    return site.stack[:1] == (place,) and all(frames.is_jax(each.path) for each in site.library)


def _descends(site: Site, place: Location) -> bool:
    """Whether what is drawn is differentiated by what stands around a place, not by what it calls."""
    inner = site.stack[: site.stack.index(place)] if place in site.stack else ()
    return "differentiated" in site.flags and not any(map(derivatives.differentiated, inner))


def _made_in(part: str, sites: list[Site]) -> bool:
    """Whether a library's file made the keys."""
    return any(part in place.path for site in sites for place in site.library)


def _has_arguments(site: Site) -> bool:
    """Whether the outermost function of the program, which a library calls, takes arguments."""
    for place in reversed(site.stack):
        scope = scope_of(place)
        if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names = [each.arg for each in (*scope.args.posonlyargs, *scope.args.args)]
            return any(name not in ("self", "cls") for name in names)
    return False


def _is_declared(seed: Location, turn: loops.Turn | None, looped: Location) -> bool:
    """Whether a seed is one of those that a loop goes over, and begins a run with each."""
    if seeding.is_of_element(seed, looped):
        return True
    return turn is not None and seeding.is_swept(seed, turn.line.line)
