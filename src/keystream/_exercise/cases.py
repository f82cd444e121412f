"""The inputs on which a solution is checked: visible ones, and random ones from a printed seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace


@dataclass(frozen=True)
class Case:
    """One call of ``run_dropout_model``.

    Args:
        name: how reports call it; it says what the case is about.
        seed: of the stream ``params``.
        x: numbers, at least one.
        dropout_seed: of the stream ``dropout``.
        drop_rate: the probability of dropping a value, in [0, 1].
        deterministic: from 0.5 on it means True.
    """

    name: str
    seed: float = 0.0
    x: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0)
    dropout_seed: float = 7.0
    drop_rate: float = 0.5
    deterministic: float = 0.0

    def inputs(self) -> dict[str, object]:
        """What the learner's function is called with, and all that its process gets to know."""
        return {name: value for name, value in asdict(self).items() if name in INPUTS}

    def call(self) -> str:
        """The call as a learner writes it."""
        x = ", ".join(f"{value:g}" for value in self.x)
        scalars = (self.dropout_seed, self.drop_rate, self.deterministic)
        rest = ", ".join(str(value) for value in scalars)
        return f"run_dropout_model({self.seed}, jnp.array([{x}], jnp.float32), {rest})"


# In the order in which the function takes them.
INPUTS = tuple(field.name for field in fields(Case) if field.name != "name")

_EIGHT = (0.5, -1.0, 1.5, 2.0, -2.5, 3.0, 0.25, -0.75)
_TRAINING = Case("training", x=_EIGHT)

# Most differ from a neighbour in one input alone, so that an input which is not used gives itself away.
VISIBLE = (
    Case("the task's example"),
    _TRAINING,
    replace(_TRAINING, name="evaluation", deterministic=1.0),
    replace(_TRAINING, name="another seed", seed=5.0),
    replace(_TRAINING, name="another seed, evaluation", seed=5.0, deterministic=1.0),
    replace(_TRAINING, name="another dropout seed", dropout_seed=11.0),
    replace(_TRAINING, name="another rate", drop_rate=0.25),
    replace(_TRAINING, name="rate 0", drop_rate=0.0),
    replace(_TRAINING, name="rate 1", drop_rate=1.0),
    replace(_TRAINING, name="flag 0.3 is False", deterministic=0.3),
    replace(_TRAINING, name="flag 0.5 is True", deterministic=0.5),
    replace(_TRAINING, name="flag 0.7 is True", deterministic=0.7, drop_rate=0.25),
    replace(_TRAINING, name="seeds to be cast", seed=3.9, dropout_seed=-2.6),
    Case("one number", seed=-2.6, x=(2.0,), deterministic=1.0),
)

# Few lengths: every new one is compiled anew, which costs a learner half a second.
_LENGTHS = (1, 4, 8)


def all_cases(random_seed: int) -> tuple[Case, ...]:
    """The cases of a check: the visible ones, then the random ones of a seed."""
    return (*VISIBLE, *random_cases(random_seed))


def random_cases(seed: int, count: int = 6) -> tuple[Case, ...]:
    """Cases that a seed decides, the same ones with every Python.

    Args:
        seed: any integer; reports print it, so that a run can be repeated.
        count: how many.

    Returns:
        Cases of a few lengths, with seeds, rates and flags from all over their ranges.
    """
    # Only the method `random` is promised to give the same numbers in every version of Python.
    draw = random.Random(seed).random
    return tuple(_random_case(f"random {i + 1}", draw) for i in range(count))


def _random_case(name: str, draw: Callable[[], float]) -> Case:
    length = _LENGTHS[int(draw() * len(_LENGTHS))]
    return Case(
        name,
        seed=round(_between(draw, -1e6, 1e6), 1),
        x=tuple(round(_between(draw, -4.0, 4.0), 2) for _ in range(length)),
        dropout_seed=round(_between(draw, -1e6, 1e6), 1),
        drop_rate=round(draw(), 2),
        deterministic=round(draw(), 2),
    )


def _between(draw: Callable[[], float], low: float, high: float) -> float:
    return low + (high - low) * draw()
