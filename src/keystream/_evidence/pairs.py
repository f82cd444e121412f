"""Two uses of one key with all that a rule may ask about them."""

from __future__ import annotations

from dataclasses import dataclass

from keystream._evidence import flow, loops
from keystream._evidence.paired import Paired
from keystream._evidence.relation import Related, Relation
from keystream._evidence.uses import HOST, Role, Use
from keystream._findings import Location


@dataclass(frozen=True, slots=True)
class Pair:
    """Two uses of one key.

    Attributes:
        first: the earlier use.
        second: the later use.
        related: how their keys came to be equal.
        parted: the two lines of one function at which their stacks part; None where they do not, or
            part between functions.
        meeting: what the function at `parted` makes of the two results; None without `parted`.
        turn: how the call stands in the loop that repeats it; None where no loop of the program does.
        looped: the line in that loop.
        watches: both look, with the key, at what a loop inside of where they part changes from turn
            to turn: an evaluation with one key, in a training that runs twice.
        seeds: where the two makings of a key of one seed stand; empty for other relations.
        direct: the seeds are made in the very function in which the uses part or are repeated.
        sequence: at one place several keys are repeated: a sequence began anew.
        restored: between the two, the program restored what it had saved.
        overwritten: what the second run makes is overwritten by what was saved.
        entered_with_arguments: the function that a library called again takes arguments.
        float_folded: a number with a fraction was folded in.
        counted: a stream of NNX counted the key.
        copied: a model of NNX was cloned, and the key was used no oftener than by each copy once.
        hashed: Flax made the key of a module's path.
        seed_handed: the caller hands a seed that has a name to the function that makes a key of it.
        settings_differ: the calls hand one seed to the function that makes the key of it, and differ
            otherwise.
        seeds_meet: the seed is a sum of several things, and comes again within one round of its line.
        element_seeded: the seed is a part of the elements that the loop goes over, or in two places
            each loop hands its element on as the seed.
        whole_run: each turn of the loop is a run of its own, which reads what it is given; without a
            loop, each call of the function by a library or a thread is a training of its own.
        rounds: other seeds come between: the line goes through several of them again.
        feeds: what is made of the draw trains something, or is kept of all turns of the loop.
        looks: on its way out, what is made of the draw gets into nothing that stays.
        paired: how the program shows that the two shall draw alike; None where it does not.
    """

    first: Use
    second: Use
    related: Related
    parted: tuple[Location, Location] | None = None
    meeting: flow.Meeting | None = None
    turn: loops.Turn | None = None
    looped: Location | None = None
    watches: bool = False
    seeds: tuple[Location, ...] = ()
    direct: bool = False
    sequence: bool = False
    restored: bool = False
    overwritten: bool = False
    entered_with_arguments: bool = False
    float_folded: bool = False
    counted: bool = False
    copied: bool = False
    hashed: bool = False
    seed_handed: bool = False
    settings_differ: bool = False
    seeds_meet: bool = False
    element_seeded: bool = False
    whole_run: bool = False
    rounds: bool = False
    feeds: bool = False
    looks: bool = False
    paired: Paired | None = None

    @property
    def relation(self) -> Relation:
        """How the keys came to be equal."""
        return self.related.relation

    @property
    def derived(self) -> Role | None:
        """What the one derived keys by, where the other is a draw; None for two draws."""
        roles: set[Role] = {self.first.role, self.second.role}
        return next(iter(roles - {"draw"}), None)

    @property
    def of_host(self) -> bool:
        """Whether a generator of NumPy or Python drew, which began at one seed again."""
        return HOST in self.first.at.flags

    @property
    def unmade(self) -> bool:
        """Whether how the key was made was not seen: it may have been made again."""
        return self.relation is Relation.ONE_MAKING and None in (
            self.first.making,
            self.second.making,
        )

    @property
    def evaluates(self) -> bool:
        """Whether a loop looks, with one key, at what its turns change: an evaluation in a training."""
        turn = self.turn
        return self.watches or (turn is not None and turn.state and not turn.carried)

    @property
    def one_place(self) -> bool:
        """Whether both stand on one line of the user's."""
        return self.first.at.place == self.second.at.place

    @property
    def one_stack(self) -> bool:
        """Whether both were reached by the same lines."""
        return self.first.at.stack == self.second.at.stack

    @property
    def one_way(self) -> bool:
        """Whether the same lines led to both from where they part: one function that ran twice."""
        if self.parted is None:
            return self.one_stack
        one, other = self.parted
        first, second = self.first.at.stack, self.second.at.stack
        if one not in first or other not in second:
            return False
        return first[: first.index(one)] == second[: second.index(other)]

    @property
    def twins(self) -> bool:
        """Whether one function of a library drew the same array in both: a thing that is made twice."""
        one, other = self.first.at, self.second.at
        same = (one.distribution, one.shape, one.module_path) == (
            other.distribution,
            other.shape,
            other.module_path,
        )
        beyond_jax = any("/jax/" not in place.path for place in one.library)
        return same and beyond_jax and one.library == other.library

    @property
    def initialising(self) -> bool:
        """Whether both draw initial values."""
        return "initialising" in self.first.at.flags & self.second.at.flags

    @property
    def of_settings(self) -> bool:
        """Whether a loop tries settings, each with the key, and hands nothing on to the next."""
        turn = self.turn
        return turn is not None and not turn.carried and (turn.settings or self.whole_run)

    def differ(self, name: str) -> bool:
        """Whether an attribute of the two places is known of both, and differs."""
        one, other = getattr(self.first.at, name), getattr(self.second.at, name)
        return bool(one and other) and one != other
