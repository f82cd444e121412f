"""The sites of a closed jaxpr and the slice that computes their keys: what the audit runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from keystream._plan import census, evaluate, marking, primitives, sites, tainted
from keystream._plan.cost import FREE, PART, SHARE, Costs, around
from keystream._plan.derivations import UNNAMED, Names
from keystream._plan.describe import describe
from keystream._plan.makings import makings
from keystream._plan.origin import Origins
from keystream._plan.regions import Draft, Region
from keystream._plan.site import Made, Observed, Site
from keystream._plan.slices import Pending, Slice


class Analysis:
    """What a program draws, and with which keys.

    Attributes:
        sites: in the order of the program.
        makings: the keys that they make.
        inputs: the flat inputs that the slice reads.
        share: the operations of the slice over those of the program.
        operations: how many equations the slice has.
        unlisted: drawing equations of the program that are not among the sites; 0, if all is well.
    """

    def __init__(self, jaxpr: Any, consts: Sequence[Any], names: Names) -> None:
        self._program = Region(jaxpr, tuple(consts))
        self._found = sites.find(self._program)
        self.unlisted = census.unlisted(self._program)
        self._costs = Costs()
        self._lock = RLock()  # one tree is marked for what is being traced
        self._draws: Slice | None = None
        marking.mark(self._program, _everything)
        origins = Origins()
        origins.find(self._program)
        reasons = tainted.follow(self._program, tainted.effect)
        reasons |= self._costly(reasons)
        self.sites: tuple[Site, ...] = describe(self._found, origins, reasons, names)
        self.makings: tuple[Made, ...] = makings(origins, self.sites)
        self._seen = {site.id for site in self.sites if not site.unseen}
        self._slice = Slice(self._program, self._wants, self._lock)
        self.inputs = self._slice.inputs
        program = self._costs.of(jaxpr)
        self._cost = self._costs.marked(self._program)
        self.share = self._cost / program if program else 0.0
        self.operations = sum(len(r.needed - r.entered.keys()) for r in self._program.below())

    @property
    def any(self) -> bool:
        """Whether there is a site whose key can be had."""
        return bool(self._seen)

    def unseen(self) -> dict[str, int]:
        """Why draws of the program are not seen, and how many; whole once the slice has been run."""
        return census.reasons(self.sites, self.unlisted, len(self._slice.unread))

    def _wants(self, draft: Draft) -> str:
        if draft.number not in self._seen:
            return ""
        return "result" if draft.kind in ("split", "fold_in", "seed") and _few(draft) else "key"

    def _wants_draws(self, draft: Draft) -> str:
        return self._wants(draft) if draft.kind == "draw" else ""

    def _costly(self, reasons: dict[int, str]) -> dict[int, str]:
        """The sites whose keys cost too much of the program to compute."""
        marking.mark(self._program, lambda draft: "" if draft.number in reasons else "key")
        whole, part = self._costs.of(self._program.jaxpr), self._costs.marked(self._program)
        if part <= FREE or part <= SHARE * whole:
            return {}
        runs = {
            id(equation): around(region)
            for region in self._program.below()
            for equation in region.jaxpr.eqns
        }

        def verdict(equation: Any) -> str:
            cost = runs.get(id(equation), 1) * self._costs.equation(equation)
            if cost <= max(PART * whole, PART * FREE):
                return ""
            return f"its key needs {equation.primitive.name} of the data (costly)"

        found = tainted.follow(self._program, verdict)
        marking.mark(self._program, _everything)
        return {number: found[number] for number in found.keys() - reasons.keys()}

    # Running the slice.

    def dispatch(self, inputs: Sequence[Any]) -> Pending:
        """Start the slice on a call's flat inputs; nothing waits for the device.

        Args:
            inputs: every flat input of the program, as it is called.

        Returns:
            The values to be.
        """
        return self._slice.dispatch(inputs)

    def read(self, words: NDArray[np.uint32]) -> list[Observed]:
        """The values of each site, of the words that `dispatch` makes, ``(..., n)``."""
        return self._slice.read(words)

    def observe(self, inputs: Sequence[Any]) -> list[Observed]:
        """`dispatch`, and wait for it."""
        return self.dispatch(inputs).read()

    def keys(self, inputs: Sequence[Any]) -> list[Observed]:
        """The keys of the draws alone, by a slice that makes nothing else."""
        if self._draws is None:
            self._draws = Slice(self._program, self._wants_draws, self._lock)
        return self._draws.dispatch(inputs).read()

    # Replaying a draw.

    def replay(self, number: int) -> Callable[[Sequence[Any]], Any]:
        """A function of the flat inputs that makes the very values of one draw.

        Args:
            number: the site's id; one whose key can be had.

        Returns:
            A function that returns the values, stacked by the loops around, and which of them were
            executed (None for all).
        """

        def wants(draft: Draft) -> str:
            return "result" if draft.number == number else ""

        def values(chosen: list[Any]) -> dict[str, Any]:
            with self._lock:
                marking.mark(self._program, wants)
                given = dict(zip(places, chosen, strict=True))
                return evaluate.run(self._program, given, evaluate.Around(wants))[1][number]

        with self._lock:
            places = sorted(marking.mark(self._program, wants))
            reasons = tainted.follow(self._program, tainted.effect)
        if number in reasons:
            raise ValueError(reasons[number])
        call = jax.jit(values)
        return lambda inputs: call([inputs[place] for place in places])


def analyse(jaxpr: Any, consts: Sequence[Any] | None = None, names: Names = UNNAMED) -> Analysis:
    """Find the sites of a program.

    Args:
        jaxpr: closed, or open with its constants.
        consts: the constants of an open one.
        names: of the flat inputs, for derivations and streams.
    """
    opened, closed_over = primitives.opened(jaxpr)
    return Analysis(opened, closed_over if consts is None else consts, names)


def _everything(draft: Draft) -> str:
    return "key"


def _few(draft: Draft) -> bool:
    """Whether a derivation makes so few keys that they are observed themselves."""
    return draft.bits <= evaluate.CHILDREN
