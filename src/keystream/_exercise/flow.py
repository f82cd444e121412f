"""Which seed's key reached which stream, and what was dropped: what an answer shows, before it is drawn.

All of it is what the learner's function did on one case, as the observer of its calls noted it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from keystream._exercise.cases import Case
from keystream._exercise.evidence import ATOL, RTOL, Event, Result
from keystream._exercise.programs import (
    Values,
    dropout_key,
    flag,
    seed_key,
    split_dropout_key,
    split_seed_key,
)
from keystream._exercise.report import Report
from keystream.dropout_model import DropoutModel

State = Literal["right", "wrong", "missing", "served", "unseen", "idle"]

SEED, DROPOUT_SEED, FLAG = "seed", "dropout_seed", "deterministic"
# What has to arrive: the call, its argument, and the input that it has to come from.
_PLACES = (
    ("init", "params", SEED),
    ("init", "dropout", DROPOUT_SEED),
    ("apply", "dropout", DROPOUT_SEED),
    ("apply", "deterministic", FLAG),
)
_SPLITS = 3


@dataclass(frozen=True)
class Arrow:
    """What reached one argument of a call.

    Args:
        call: ``init`` or ``apply``.
        argument: a stream, or the flag.
        wanted: the input that it has to come from.
        state: right, wrong, missing (nothing came), served (Flax took the key of ``params``), unseen
            (the function ended before, or its key is traced), or idle (nothing is drawn there).
        came: the input that it came from, or how its key can be written; for the flag, its value.
        said: what went wrong on the way, in a few words.
    """

    call: str
    argument: str
    wanted: str
    state: State
    came: str = ""
    said: str = ""

    @property
    def fault(self) -> bool:
        """Whether a mistake shows here."""
        return self.state in ("wrong", "missing", "served")


@dataclass(frozen=True)
class Strip:
    """Values side by side: those that are right, and those that came.

    Args:
        title: what they are.
        right: the right ones, shape ``(n,)``.
        came: the learner's; None where there are none.
        instead: what came in place of numbers.
        masks: it is about which values are kept, and their size does not count.
    """

    title: str
    right: Values
    came: Values | None
    instead: str = ""
    masks: bool = False

    def differs(self) -> Sequence[bool]:
        """For each value, whether it is wrong."""
        if self.came is None:
            return [False] * len(self.right)
        if self.masks:
            return [bool(a) != bool(b) for a, b in zip(self.right, self.came, strict=True)]
        return (~np.isclose(self.came, self.right, RTOL, ATOL, equal_nan=True)).tolist()


@dataclass(frozen=True)
class Flow:
    """What a function did on one case.

    Args:
        case: its inputs.
        arrows: one for each place, in the order of the calls.
        strips: what came of it.
        raised: the exception that ended it, or nothing.
    """

    case: Case
    arrows: tuple[Arrow, ...]
    strips: tuple[Strip, ...]
    raised: str


# Mistakes that end the function, or a call of it, before anything arrives: which arguments get nothing,
# and what was given in their place.
_STREAMS, _FLAG = ("params", "dropout"), (FLAG,)
_STOPPED = {
    "apply-missing": (_STREAMS, "not called"),
    "cast-forgotten": (_STREAMS, "no key"),
    "flag-missing": (_FLAG, "not given"),
    "rng-for-rngs": (_STREAMS, "as rng="),
    "seed-for-key": (_STREAMS, "no key"),
}


def flow_of(report: Report) -> Flow:
    """The flow of the case that shows most: the first that is wrong and in which a mask is drawn."""
    result = _telling(report.results)
    arrows = tuple(_arrow(result, *place) for place in _PLACES)
    for finding in report.findings:
        if finding.name in _STOPPED:
            arrows = _stopped(result, arrows, *_STOPPED[finding.name])
    return Flow(result.case, arrows, tuple(_strips(report.results, result, arrows)), result.raised)


def _telling(results: Sequence[Result]) -> Result:
    # The example of the task has four numbers; a case of eight shows a mask better.
    order = sorted(results, key=lambda r: (r.passed, len(r.case.x) < 8, not r.draws))
    return order[0]


def _stopped(
    result: Result, arrows: tuple[Arrow, ...], arguments: Sequence[str], said: str
) -> tuple[Arrow, ...]:
    """The arrows of a function that ended early: the first call that was not made got nothing."""
    calls = [arrow.call for arrow in arrows if arrow.argument in arguments]
    first = next((call for call in calls if not _notes(result, call)), "apply")
    return tuple(
        replace(arrow, state="missing", said=said)
        if arrow.state == "unseen" and arrow.call == first and arrow.argument in arguments
        else arrow
        for arrow in arrows
    )


def _notes(result: Result, call: str) -> list[Event]:
    return [note for note in result.event.get("layers", []) if note["call"] == call]


def _arrow(result: Result, call: str, argument: str, wanted: str) -> Arrow:
    notes = _notes(result, call)
    if argument == FLAG:
        return _flag_arrow(result.case, notes)
    if not notes:
        return Arrow(call, argument, wanted, "unseen")
    streams = notes[0]["streams"]
    drawn = argument == "params" or any(note.get("draws") for note in notes)
    if argument not in streams:
        if not drawn:
            return Arrow(call, argument, wanted, "idle")
        served = "params" in streams
        came = source(streams["params"], result.case) if served else ""
        others = [name for name in streams if name not in _STREAMS or came == wanted]
        said = f"as {', '.join(map(repr, others))}" if others else ""
        return Arrow(call, argument, wanted, "served" if served else "missing", came, said)
    words = streams[argument]
    if words is None:
        return Arrow(call, argument, wanted, "unseen")
    came = source(words, result.case)
    right = words == _words(seed_key(result.case) if wanted == SEED else dropout_key(result.case))
    return Arrow(call, argument, wanted, "right" if right else "wrong", wanted if right else came)


def _flag_arrow(case: Case, notes: Sequence[Event]) -> Arrow:
    given = next((note["flag"] for note in notes if "flag" in note), None)
    if given is None:
        return Arrow("apply", FLAG, FLAG, "unseen")
    state: State = "right" if given == flag(case.deterministic) else "wrong"
    said = "" if state == "right" else f"as {given}"
    return Arrow("apply", FLAG, FLAG, state, str(given), said)


def source(words: list[int] | None, case: Case) -> str:
    """Where a key comes from: an input of the task by its name, else how it can be written."""
    if words is None:
        return ""
    if words == _words(seed_key(case)):
        return SEED
    if words == _words(dropout_key(case)):
        return DROPOUT_SEED
    for index in range(_SPLITS):
        if words == _words(split_seed_key(index)(case)):
            return f"split of {SEED}"
        if words == _words(split_dropout_key(index)(case)):
            return f"split of {DROPOUT_SEED}"
    return f"PRNGKey({words[1]})" if words[0] == 0 and words[1] < 1_000_000 else "another key"


def _words(key: jax.Array) -> list[int]:
    return np.asarray(key).tolist()


def _strips(results: Sequence[Result], shown: Result, arrows: Sequence[Arrow]) -> list[Strip]:
    """The output of the case; of another one that is wrong in the other mode; the mask of `init`."""
    strips: list[Strip] = []
    if shown.passed and (mask := _mask_of_init(shown, arrows)):
        strips.append(mask)
    strips.append(_output(shown))
    mode = flag(shown.case.deterministic)
    others = (r for r in results if not r.passed and flag(r.case.deterministic) != mode)
    other = next((r for r in others if len(r.case.x) == len(shown.case.x) and not r.raised), None)
    if other is not None and strips[-1].came is not None:
        strips.append(_output(other))
    return strips


def _output(result: Result) -> Strip:
    case = result.case
    mode = "nothing is dropped" if flag(case.deterministic) else f"drop_rate {case.drop_rate:g}"
    title = f"output with deterministic {case.deterministic:g}: {mode}"
    array = result.event.get("array") and result.shape == result.want.shape
    return Strip(title, result.want, result.got if array else None, _instead(result))


def _instead(result: Result) -> str:
    """What came in place of an array of the right shape."""
    if result.raised:
        return str(result.event["kinds"][0])
    if result.status != "wrong":
        return result.status
    name = result.event["type"].replace("NoneType", "None")
    return f"an array of shape {result.shape}" if result.event["array"] else name


def _mask_of_init(result: Result, arrows: Sequence[Arrow]) -> Strip | None:
    """The mask that `init` draws with the keys that it was given; None where it is the right one."""
    (params, dropout) = arrows[:2]
    if not (params.fault or dropout.fault):
        return None
    streams = _notes(result, "init")[0]["streams"]
    given = {name: jnp.array(words, jnp.uint32) for name, words in streams.items() if words}
    right = {"params": seed_key(result.case), "dropout": dropout_key(result.case)}
    masks = [_mask(result.case, rngs) for rngs in (right, given)]
    title = "the mask that init draws, and throws away"
    return Strip(title, masks[0], masks[1], masks=True)


def _mask(case: Case, rngs: dict[str, jax.Array]) -> Values:
    x = jnp.asarray(case.x, jnp.float32)
    y, _ = DropoutModel(case.drop_rate).init_with_output(rngs, x, deterministic=False)
    return np.asarray(y, np.float64)
