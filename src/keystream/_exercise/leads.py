"""Where an answer of the exercise leads: a page of the documentation, and the next command.

A rule is named where one finds the same mistake in programs; else the hint that tells how to go on.
"""

from __future__ import annotations

from typing import NamedTuple


class Lead(NamedTuple):
    """What to read and what to run next.

    Args:
        page: a file of the documentation, with the anchor of its section.
        command: to be pasted into a terminal.
        hint: the number of the exercise's hint that is about the same; 0 where there is none.
    """

    page: str
    command: str
    hint: int = 0


def _hint(page: str, number: int) -> Lead:
    return Lead(page, f"keystream exercise --hint {number}", number)


def _rule(page: str, code: str, hint: int) -> Lead:
    return Lead(page, f"keystream rule {code}", hint)


_DRAWS_TWICE = "quickstart.md#a-model-that-draws-twice"
_INIT = "quickstart.md#init-takes-a-dictionary"
_APPLY = "quickstart.md#apply-takes-rngs"
_NO_RNGS = "quickstart.md#2-rngs-forgotten-in-training"

TASK = Lead("quickstart.md#now-you", "keystream exercise")
MODEL = _hint(_DRAWS_TWICE, 2)
STREAMS = _hint(_DRAWS_TWICE, 3)
INIT = _hint(_INIT, 3)
APPLY = _hint(_APPLY, 4)
CASTS = _hint("lesson.md#the-five-inputs", 5)
PATHS = _hint("guides/linen.md#what-flax-adds-below-a-key", 2)

FALLBACK = _rule(_NO_RNGS, "KS401", 4)
SHARED_KEY = _rule("lesson.md#one-key-for-two-streams", "KS403", 3)
SINGLE_KEY = _rule("quickstart.md#1-one-key-for-init", "KS404", 3)
NO_RNGS = _rule(_NO_RNGS, "KS405", 4)
RNG = _rule("quickstart.md#3-rng-for-rngs", "KS406", 4)
MISNAMED = _rule(_NO_RNGS, "KS407", 4)
EVALUATION = _rule(_APPLY, "KS601", 5)
MODE = _rule(_APPLY, "KS604", 2)

# After a right solution.
RIGHT = Lead("concepts.md", "keystream demo")
