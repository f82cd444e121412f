"""Training more than once, to show what decides the outcome: the seed, and nothing else."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np

from keystream._demo import digits
from keystream._findings import Report
from keystream._session import Audit, audit
from keystream.errors import UntestedJaxError


class Epoch(NamedTuple):
    """What an epoch came to: its mean loss, and accuracies on training and test digits at its end."""

    loss: float
    train: float
    test: float


@dataclass(frozen=True)
class Plan:
    """A training run to be made.

    Args:
        title: how reports call it.
        seed: of all its streams.
        begins_after: the epoch whose saved state it goes on from; 0 for none.
        same: whether it has to end in the parameters of the first run, or in others.
        audited: whether an audit looks on.
    """

    title: str
    seed: int
    begins_after: int
    same: bool
    audited: bool = False


@dataclass(frozen=True)
class Run:
    """A training run that was made.

    Args:
        plan: what it was to be.
        epochs: what each of its epochs came to.
        digest: SHA-256 of its last parameters.
        as_planned: whether the digest is that of the first run, or another, as it has to be.
        epoch_seconds: the median over its epochs, without the first, which compiles; None for one epoch.
        report: of its audit; None where it was not audited, or this version of JAX can't be.
    """

    plan: Plan
    epochs: tuple[Epoch, ...]
    digest: str
    as_planned: bool
    epoch_seconds: float | None = None
    report: Report | None = None


def plans(seed: int, epochs: int) -> list[Plan]:
    """Train, train again, resume from the middle (of one epoch there is none), change the seed.

    The first is audited and the second is not: with equal digests, the audit changes no bit.
    """
    middle = epochs // 2
    resumed = Plan(f"seed {seed}, resumed after epoch {middle}", seed, middle, same=True)
    other = seed + 1 if seed < 2**32 - 1 else seed - 1
    return [
        Plan(f"seed {seed}", seed, 0, same=True, audited=True),
        Plan(f"seed {seed} again", seed, 0, same=True),
        *([resumed] if middle else []),
        Plan(f"seed {other}", other, 0, same=False),
    ]


def carry_out(
    plans: list[Plan], epochs: int, on_epoch: Callable[[Plan, Epoch], None]
) -> Iterator[Run]:
    """Make the runs, each to the same last epoch.

    Args:
        plans: what to do; the first begins at the beginning.
        epochs: the last epoch, at least 1.
        on_epoch: called after each epoch.
    """
    data = digits.load()
    wanted = {plan.begins_after for plan in plans}
    saved: dict[int, Any] = {}
    first = ""
    for plan in plans:
        with _watched(plan) as session:
            streams = digits.declare(plan.seed)
            start = saved[plan.begins_after] if plan.begins_after else digits.initial_state(streams)
            state, done, ends = start, list[Epoch](), list[float]()
            for result in digits.train(start, streams, data, range(plan.begins_after, epochs)):
                state, numbers = result
                done.append(Epoch(*numbers))
                ends.append(time.perf_counter())
                on_epoch(plan, done[-1])
                reached = plan.begins_after + len(done)
                if reached in wanted - saved.keys():
                    # What a checkpoint would hold, as NumPy arrays: no key, no count.
                    saved[reached] = jax.tree.map(np.array, state)
            digest = digits.digest(state)
        first = first or digest
        seconds = statistics.median(np.diff(ends)) if len(ends) > 1 else None
        report = session.report if session else None
        yield Run(plan, tuple(done), digest, (digest == first) == plan.same, seconds, report)


@contextlib.contextmanager
def _watched(plan: Plan) -> Generator[Audit | None]:
    """The audit of a run that is to have one, where this version of JAX can be looked into."""
    with contextlib.ExitStack() as stack:
        session = None
        if plan.audited:
            with contextlib.suppress(UntestedJaxError):
                session = stack.enter_context(audit("keystream demo"))
        yield session
