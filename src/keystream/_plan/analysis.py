"""The sites of a closed jaxpr and the slice that computes their keys: what the audit runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from keystream._plan import evaluate, marking, primitives, sites, tainted
from keystream._plan.cost import FREE, PART, SHARE, Costs, around
from keystream._plan.derivations import UNNAMED, Names
from keystream._plan.describe import describe
from keystream._plan.origin import Origins
from keystream._plan.regions import Draft, Region
from keystream._plan.site import Observed, Site

_FIELDS = ("keys", "children", "data", "ran", "missed")


class Analysis:
    """What a program draws, and with which keys.

    Attributes:
        sites: in the order of the program.
        inputs: the flat inputs that the slice reads.
        share: the operations of the slice over those of the program.
    """

    def __init__(self, jaxpr: Any, consts: Sequence[Any], names: Names) -> None:
        self._program = Region(jaxpr, tuple(consts))
        self._found = sites.find(self._program)
        self._costs, self._call = Costs(), None
        self._marked = (
            RLock()
        )  # one tree is marked for the keys, and for a replay while it is traced
        self._layout: list[tuple[int, str, tuple[int, ...], int]] = []
        marking.mark(self._program, _everything)
        origins = Origins()
        origins.find(self._program)
        reasons = tainted.follow(self._program, tainted.effect)
        reasons |= self._costly(reasons)
        self.sites: tuple[Site, ...] = describe(self._found, origins, reasons, names)
        self._seen = {site.id for site in self.sites if not site.unseen}
        self.inputs = tuple(sorted(marking.mark(self._program, self._wants)))
        program = self._costs.of(jaxpr)
        self._cost = self._costs.marked(self._program)
        self.share = self._cost / program if program else 0.0

    @property
    def any(self) -> bool:
        """Whether there is a site whose key can be had."""
        return bool(self._seen)

    @property
    def operations(self) -> int:
        """How many equations the slice has."""
        return sum(len(region.needed - region.entered.keys()) for region in self._program.below())

    @property
    def nbytes(self) -> int:
        """Of the values that one run of the slice makes; 0 before the first."""
        return 4 * self._layout[-1][3] if self._layout else 0

    def _wants(self, draft: Draft) -> str:
        if draft.number not in self._seen:
            return ""
        return "result" if draft.kind in ("split", "fold_in", "seed") and _few(draft) else "key"

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
        if self._call is None:
            self._call = jax.jit(self._slice)
        chosen = [_plain(inputs[place]) for place in self.inputs]
        return Pending(self, self._call(chosen))

    def _slice(self, chosen: list[Any]) -> jax.Array:
        """One vector of words, for the host reads one array faster than many."""
        given = dict(zip(self.inputs, chosen, strict=True))
        with self._marked:
            _, seen = evaluate.run(self._program, given, evaluate.Around(self._wants))
        layout: list[tuple[int, str, tuple[int, ...], int]] = []
        parts: list[jax.Array] = []
        end = 0
        for number, name in (
            (n, name) for n in sorted(seen) for name in _FIELDS if name in seen[n]
        ):
            value = jnp.asarray(seen[number][name])
            signed = name == "data" and jnp.issubdtype(value.dtype, jnp.signedinteger)
            end += value.size
            layout.append((number, "signed" if signed else name, value.shape, end))
            parts.append(value.astype(np.uint32).reshape(-1))
        self._layout = layout
        return jnp.concatenate(parts) if parts else jnp.zeros(0, np.uint32)

    def read(self, words: NDArray[np.uint32]) -> list[Observed]:
        """The values of each site, of the words that the slice made.

        Args:
            words: ``(..., n)``; what is observed of several calls gets the same leading axes.
        """
        found: list[Observed] = []
        start, calls = 0, words.shape[:-1]
        for number, name, shape, end in self._layout:
            value = words[..., start:end].reshape((*calls, *shape))
            start = end
            if name == "keys":
                found.append(Observed(number, value))
            elif name == "missed":
                found[-1].missed = int(value.astype(np.int64).sum())
            elif name == "ran":
                found[-1].ran = value.astype(np.bool_)
            elif name == "data":
                found[-1].data = value.astype(np.int64)
            elif name == "signed":
                found[-1].data = value.view(np.int32).astype(np.int64)
            else:
                found[-1].children = value
        return found

    def observe(self, inputs: Sequence[Any]) -> list[Observed]:
        """`dispatch`, and wait for it."""
        return self.dispatch(inputs).read()

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
            with self._marked:
                marking.mark(self._program, wants)
                try:
                    given = dict(zip(places, chosen, strict=True))
                    return evaluate.run(self._program, given, evaluate.Around(wants))[1][number]
                finally:
                    marking.mark(self._program, self._wants)

        with self._marked:
            places = sorted(marking.mark(self._program, wants))
            reasons = tainted.follow(self._program, tainted.effect)
            marking.mark(self._program, self._wants)
        if number in reasons:
            raise ValueError(reasons[number])
        call = jax.jit(values)
        return lambda inputs: call([_plain(inputs[place]) for place in places])


class Pending:
    """The values of a slice that has been dispatched.

    Attributes:
        words: uint32, on the device.
    """

    __slots__ = ("_analysis", "words")

    def __init__(self, analysis: Analysis, words: jax.Array) -> None:
        self._analysis = analysis
        self.words = words

    @property
    def nbytes(self) -> int:
        """What reading them moves to the host."""
        return self._analysis.nbytes

    def is_ready(self) -> bool:
        """Whether reading them waits for nothing."""
        return bool(getattr(self.words, "is_ready", lambda: True)())

    def read(self) -> list[Observed]:
        """The values, by site."""
        return self._analysis.read(np.asarray(jax.device_get(self.words)))


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


def _plain(value: Any) -> Any:
    return value if hasattr(value, "dtype") else jnp.asarray(value)
