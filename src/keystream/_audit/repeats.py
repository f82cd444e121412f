"""Keys that were used more than once, as pairs of uses for the rules, and the account of every draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from keystream._audit.again import drawn_again, of_sites, select
from keystream._audit.lineage import Lineage
from keystream._audit.outcomes import Found, Outcome
from keystream._audit.pairing import Pairing
from keystream._audit.recording import Recording
from keystream._audit.store import among, unique
from keystream._evidence import seeding
from keystream._evidence.pairs import Pair
from keystream._evidence.relation import Related, Relation, relate
from keystream._evidence.uses import Making, Site, Use
from keystream._findings import Severity
from keystream._judge import excuses
from keystream._judge.accounts import Accounts
from keystream._judge.excuses import Excuse, Excused

_PER_KEY = 512  # uses of one key that are looked at
_PER_PATTERN = 512  # keys looked at with the same sites; the rest is counted with the last
_BLOCK = 1 << 14  # keys that are read together
_SPLITS = 4096  # keys, drawn from and split, that are looked at
_STANDING = 12  # earlier uses of a key, at different places, with which a later one is compared

Predicate = Callable[[Pair], "tuple[str, Severity] | None"]


@dataclass
class Verdicts:
    """What became of every repeated draw.

    Attributes:
        found: the mistakes, in the order of the program.
        accounts: the books.
        excused: for each excuse and place one pair of uses, and how many draws it excuses.
        unexplained: pairs of which no rule holds and that nothing excuses.
    """

    found: list[Found]
    accounts: Accounts
    excused: dict[Excused, tuple[Pair, int]]
    unexplained: list[Pair]


def repeated(recording: Recording, predicate: Predicate) -> Verdicts:
    """Judge every repeated key of a recording."""
    return _Judging(recording, predicate).verdicts()


class _Judging:
    """Goes through the keys that were used again."""

    def __init__(self, recording: Recording, predicate: Predicate) -> None:
        self.recording, self.predicate = recording, predicate
        self.sites = recording.sites
        self.lineage = recording.evidence["lineage"] = Lineage(recording)
        self.pairing = Pairing(recording, self.lineage)
        again = drawn_again(recording)
        self.accounts = Accounts(again.draws, again.keys)
        self.found: dict[object, Found] = {}
        self.excused: dict[Excused, tuple[Pair, int]] = {}
        self.unexplained: list[Pair] = []
        self._cloned = self._clone_values()
        self._known: dict[object, tuple[Pair, Outcome]] = {}
        self._splits = self._split_uses()

    def verdicts(self) -> Verdicts:
        """The verdicts, with every draw in the books."""
        self._book_what_excuses_a_place()
        looked: Counter[object] = Counter()
        latest: dict[object, list[Outcome]] = {}
        for key, sites, calls, rest, last in self._groups():
            pattern = tuple(sorted(Counter(sites).items()))
            looked[pattern] += 1
            if looked[pattern] <= _PER_PATTERN or key in self._splits:
                latest[pattern] = self._judge(key, self._uses(key, sites, calls))
            self._book(latest[pattern], rest)
            for outcome in latest[pattern][-1:]:
                if isinstance(outcome, Found):
                    outcome.further += key not in outcome.keys
                    outcome.note_ends((sites[1], calls[1]), last)
        for key, splits in self._splits.items():
            if key in self._single:
                self._judge(key, [*self._uses(key, *self._single[key]), *splits])
        return Verdicts(list(self.found.values()), self.accounts, self.excused, self.unexplained)

    # The groups.

    def _groups(self) -> Iterator[tuple[int, list[int], list[int], int, tuple[int, int]]]:
        """Each key with at least two draws: sites and calls, how many more there are, and the last."""
        recording = self.recording
        rows = drawn_again(recording).rows
        rows = rows[self._real[recording.key_sites[rows]]]
        keys = recording.keys[rows]
        starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else rows
        sizes = np.diff(np.r_[starts, len(keys)])
        starts, sizes = starts[sizes > 1], sizes[sizes > 1]
        for block in range(0, len(starts), _BLOCK):
            firsts, whole = starts[block : block + _BLOCK], sizes[block : block + _BLOCK]
            lengths = np.minimum(whole, _PER_KEY)
            ends = np.cumsum(lengths)
            chosen = rows[np.repeat(firsts - ends + lengths, lengths) + np.arange(ends[-1])]
            sites = recording.key_sites[chosen].tolist()
            calls = recording.key_calls[chosen].tolist()
            final = rows[firsts + whole - 1]
            last = zip(
                recording.key_sites[final].tolist(),
                recording.key_calls[final].tolist(),
                strict=True,
            )
            spans = zip(
                (ends - lengths).tolist(), ends.tolist(), (whole - lengths).tolist(), strict=True
            )
            for key, (first, end, rest), use in zip(
                keys[firsts].tolist(), spans, last, strict=True
            ):
                yield key, sites[first:end], calls[first:end], rest, use

    def _uses(self, key: int, sites: Sequence[int], calls: Sequence[int]) -> list[Use]:
        """The uses of a key, each with the making that it found."""
        return [
            Use(
                key,
                "draw",
                self.sites[site],
                site,
                call,
                self.lineage.found(key, call, self.sites[site]),
            )
            for site, call in zip(sites, calls, strict=True)
        ]

    def _split_uses(self) -> dict[int, list[Use]]:
        """Keys that were drawn from and split, where something came of the split: the splits."""
        recording, sites = self.recording, self.sites
        self._real = of_sites(recording, lambda site: site.is_draw)
        self._single: dict[int, tuple[list[int], list[int]]] = {}
        if not len(recording.keys) or not len(recording.parents):
            return {}
        splitting = of_sites(recording, lambda site: site.kind in ("split", "fold_in"))
        parents = unique(recording.parents[splitting[recording.edge_sites]])
        rows = select(
            recording,
            lambda at: self._real[recording.key_sites[at]] & among(recording.keys[at], parents),
        )
        both, first, count = np.unique(recording.keys[rows], return_index=True, return_counts=True)
        found: dict[int, list[Making]] = {}
        for key in both[:_SPLITS].tolist():
            makings = self.lineage.uses(key)
            found[key] = [
                m for m in makings if not sites[m.site].flags & {"remat", "backward", "clone"}
            ]
        used = self._used({making.child for makings in found.values() for making in makings})
        for key, row, number in zip(both.tolist(), first, count, strict=True):
            if number == 1 and key in found:
                at = rows[row]
                self._single[key] = [int(recording.key_sites[at])], [int(recording.key_calls[at])]
        return {
            key: uses
            for key, makings in found.items()
            if (uses := self._as_splits(key, [m for m in makings if m.child in used]))
        }

    def _as_splits(self, key: int, makings: list[Making]) -> list[Use]:
        events = {(making.site, making.call): making for making in makings}
        return [
            Use(
                key,
                "split" if self.sites[site].kind == "split" else "fold",
                self.sites[site],
                site,
                call,
                self.lineage.found(key, call, self.sites[site]),
            )
            for site, call in list(events)[:64]
        ]

    def _used(self, keys: set[int]) -> set[int]:
        """Which of some keys were used, or had something made of them."""
        recording = self.recording
        wanted = np.array(sorted(keys), np.uint64)
        rows = select(recording, lambda at: among(recording.keys[at], wanted))
        return set(recording.keys[rows].tolist()) | {
            key for key in keys if self.lineage.has_children(key)
        }

    def _clone_values(self) -> set[int]:
        recording = self.recording
        clones = of_sites(recording, lambda s: s.kind == "clone" or "clone" in s.flags)
        if not clones.any():
            return set()
        return set(
            recording.keys[select(recording, lambda at: clones[recording.key_sites[at]])].tolist()
        )

    def _is_cloned(self, key: int) -> bool:
        """Whether the key or an ancestor was cloned: then its repetition is declared."""
        return bool(self._cloned) and (
            key in self._cloned
            or any(making.parent in self._cloned for making in self.lineage.chain(key))
        )

    # The judgement of one key.

    def _judge(self, key: int, uses: list[Use]) -> list[Outcome]:
        """What becomes of each use after the first: an excuse, a finding, or nothing that is known.

        Uses are parted by the making of their key. A use is held against one earlier use of each
        place; what excuses it from one need not excuse it from another.
        """
        splits = self._splits.get(key, []) if uses and uses[0].role == "draw" else []
        ordered = sorted(
            {id(use): use for use in (*uses, *splits)}.values(), key=lambda use: use.call
        )
        cloned = self._is_cloned(key)
        standing: dict[object, dict[object, Use]] = {}
        outcomes: list[Outcome] = []
        first = True
        for use in ordered:
            event = use.making.event if use.making is not None else None
            mine = standing.setdefault(event, {})
            found = [
                self._cloned_use(earlier, use) if cloned else self._outcome(earlier, use)
                for earlier in _held_against(standing, event)
                if "draw" in (earlier.role, use.role)  # of two splits their children tell
            ]
            mine.setdefault((use.site, use.role), use)
            mistakes = list({id(each): each for each in found if isinstance(each, Found)}.values())
            for mistake in mistakes:
                mistake.keys.add(key)
                mistake.calls.add((use.site, use.call))
            if use.role != "draw":
                continue
            if not first and found:
                outcomes.append(min(found, key=_rank))
            elif not first:
                outcomes.append(None)
            first = False
        return outcomes

    def _cloned_use(self, first: Use, second: Use) -> Outcome:
        excused = Excused(Excuse.CLONED, second.at.place)
        self.excused.setdefault(
            excused, (Pair(first, second, Related(Relation.ONE_MAKING, second.key)), 0)
        )
        return excused

    def _outcome(self, first: Use, second: Use) -> Outcome:
        """An `Excuse`, a `Found`, or None where nothing is known; alike pairs are judged once."""
        related = self._twice_seeded(first, second, relate(first, second, self.lineage.before))
        name = _alike(first, second, related)
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._decide(first, second, related)
        pair, outcome = known
        if isinstance(outcome, Found):
            return self._filed(outcome, pair, related)
        if outcome is None and all(pair is not each for each in self.unexplained):
            self.unexplained.append(pair)
        return outcome

    def _twice_seeded(self, first: Use, second: Use, related: Related) -> Related:
        """The relation, where one seed had been made a key on two lines before either use.

        Equal keys bear no mark of the line that made them: each of two places may have had its own.
        """
        if related.relation not in (Relation.ONE_MAKING, Relation.SAME_DERIVATION):
            return related
        key, call = related.root, first.call
        while first.site != second.site:
            events = [
                each
                for each in self.lineage.events(key)
                if each.call <= call
                and any(seeding.can_have(use.at, self.sites[each.site]) for use in (first, second))
            ]
            places = {self.sites[each.site].place: each for each in events}
            if len(places) < 2 and related.relation is Relation.ONE_MAKING:
                break
            ways = {each.kind: each for each in places.values()}
            if {"split", "fold_in"} <= ways.keys():
                both = ways["split"], ways["fold_in"]
                return Related(Relation.ALIAS, events[-1].parent, both)
            seeds = [each for each in places.values() if each.kind == "seed"]
            if len(seeds) > 1:
                one, other = sorted(seeds, key=lambda making: making.call)[-2:]
                return Related(Relation.SAME_SEED, one.parent, (one, other))
            if not events or events[-1].kind == "seed":
                break
            key, call = events[-1].parent, events[-1].call
        return related

    def _decide(self, first: Use, second: Use, related: Related) -> tuple[Pair, Outcome]:
        excused = excuses.of_pair(first, second, related)
        pair = Pair(first, second, related)
        if excused is None:
            pair = self.pairing.pair(first, second, related)
            excused = self.pairing.excuse(pair)
        if excused is not None:
            self.excused.setdefault(excused, (pair, 0))
            return pair, excused
        verdict = self.predicate(pair)
        if verdict is None:
            return pair, None
        code, severity = verdict
        return pair, Found(code, severity if pair.paired is None else "note", pair)

    def _filed(self, made: Found, pair: Pair, related: Related) -> Found:
        """The mistake that a pair belongs to: one for each code and root, or for each code and line."""
        root: object = related.root
        if related.makings:
            root = (root, frozenset(_line(self.sites[making.site]) for making in related.makings))
        name = (made.code, made.severity, root)
        found = self.found.get(name)
        if found is None:
            found = self.found[name] = Found(made.code, made.severity, pair)
        if pair is not found.pair and all(pair is not each for each in found.pairs):
            found.pairs.append(pair)
        return found

    # The books.

    def _book(self, outcomes: list[Outcome], rest: int) -> None:
        """Enter the repeated draws of a key; those that were not looked at like the last that was."""
        for number, outcome in enumerate(outcomes):
            self._enter(outcome, 1 + (rest if number == len(outcomes) - 1 else 0))

    def _enter(self, outcome: Outcome, count: int) -> None:
        if isinstance(outcome, Excused):
            self.accounts.excuse(outcome.why, count)
            pair, before = self.excused[outcome]
            self.excused[outcome] = pair, before + count
        elif isinstance(outcome, Found):
            self.accounts.in_findings += count
            outcome.count += count

    def _book_what_excuses_a_place(self) -> None:
        """Enter the draws that are none of the program's: recomputed, thrown away, cloned."""
        recording = self.recording
        rows = drawn_again(recording).rows
        if not len(rows):
            return
        whys = list(Excuse)
        of_place = np.array(
            [whys.index(why) if (why := excuses.of_site(site)) else -1 for site in self.sites],
            np.int64,
        )[recording.key_sites[rows]]
        keys = recording.keys[rows]
        starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
        real = of_place < 0
        has_real = np.logical_or.reduceat(real, starts)
        counted = ~real
        counted[starts[~has_real]] = (
            False  # the first of a key that the program itself never drew from
        )
        for number, count in zip(*np.unique(of_place[counted], return_counts=True), strict=True):
            self.accounts.excuse(whys[int(number)], int(count))


def _line(site: Site) -> tuple[str, int]:
    place = site.place
    return (place.path, place.line) if place is not None else ("", 0)


def _alike(first: Use, second: Use, related: Related) -> object:
    """What two pairs have in common that are judged alike."""
    same_call = first.call == second.call
    makings = tuple(making.site for making in related.makings)
    return first.site, second.site, first.role, second.role, related.relation, makings, same_call


def _held_against(standing: dict[object, dict[object, Use]], event: object) -> Iterator[Use]:
    """The earlier uses that a use is held against: of its own making, then of others."""
    yield from list(standing[event].values())[:_STANDING]
    others = [use for made, uses in standing.items() if made != event for use in uses.values()]
    yield from others[:_STANDING]


def _rank(outcome: Outcome) -> int:
    """Which of several outcomes of a use counts: a finding, then what is not known, then an excuse."""
    if isinstance(outcome, Found):
        return _SEVERITIES.index(outcome.severity)
    return len(_SEVERITIES) + isinstance(outcome, Excused)


_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
