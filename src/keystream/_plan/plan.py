"""A plan: every draw that a call will make, the keys it uses, and any one of them made again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from keystream._findings import Finding
from keystream._plan import census, render
from keystream._plan.analysis import Analysis
from keystream._plan.arguments import Arguments
from keystream._plan.site import Made, Observed, Site
from keystream.errors import UnsupportedKeyError, ValueOutOfRangeError

Judge = Callable[[str, Sequence[Site], Sequence[Made]], "tuple[Finding, ...]"]


class Plan:
    """What a call draws; made by `keystream.plan`.

    Attributes:
        name: of the function.
        sites: every use of a key: draws, splits, folds and seeds, in the order of the program.
        inputs: the arguments that the slice reads, by name.
        share: operations of the slice over those of the program.
    """

    def __init__(self, name: str, given: Arguments, analysis: Analysis, judge: Judge) -> None:
        self.name = name
        self.sites: tuple[Site, ...] = analysis.sites
        self.inputs: tuple[str, ...] = tuple(given.names[place] for place in analysis.inputs)
        self.share: float = analysis.share
        self._given = given
        self._analysis = analysis
        self._judge = judge
        self._findings: tuple[Finding, ...] | None = None
        self._labels = render.labels(self.draws)
        self._replays: dict[int, Callable[..., Any]] = {}

    @property
    def draws(self) -> tuple[Site, ...]:
        """The sites that draw, or may."""
        return tuple(site for site in self.sites if site.kind in ("draw", "opaque"))

    @property
    def labels(self) -> Mapping[str, Site]:
        """The draws by name: the module path, or the function around it; numbered where shared."""
        return {label: self.sites[number] for number, label in self._labels.items()}

    @property
    def bits(self) -> int:
        """The random bits that one call makes; loops without a known end are counted once.

        Of branches all are counted. Samplers that reject (``gamma``, ``poisson``) draw in loops of
        their own, of which one round is counted; of those that are one primitive, none.
        """
        return sum(site.bits * (site.repeats or 1) for site in self.draws)

    @property
    def operations(self) -> int:
        """How many equations compute the keys."""
        return self._analysis.operations

    def keys(self, *args: Any, **kwargs: Any) -> dict[str, NDArray[np.uint32]]:
        """The keys that a call draws from, computed by the slice alone.

        Args:
            args: of the call, of the shapes that the plan was made for.
            kwargs: of the call.

        Returns:
            By the draw's label uint32 ``(*loops, *lanes, words)``: the words of its key in every
            iteration of the loops around it and every member of a ``vmap``. Of iterations that do not
            run, and of branches not taken, there are none: the loops' axes are then one. Draws whose
            key can't be had (`Site.unseen`) are left out.

        Raises:
            ValueOutOfRangeError: KS002, the arguments are of another kind than the plan's.

        Example:
            >>> import jax
            >>> import keystream as ks
            >>> def noisy(x, key):
            ...     return x + jax.random.normal(key, x.shape)
            >>> x, key = jax.numpy.ones(3), jax.random.key(5)
            >>> ks.plan(noisy, x, key).keys(x, key)
            {'noisy': array([0, 5], dtype=uint32)}
        """
        arrays = self._given.others(args, kwargs)
        seen = {each.site: each for each in self._analysis.keys(arrays)}
        return {
            self._labels[site.id]: _ran(seen[site.id]) for site in self.draws if site.id in seen
        }

    def observe(self, *args: Any, **kwargs: Any) -> list[Observed]:
        """All that the slice sees of a call: keys drawn from, split and folded, and what ran.

        Args:
            args: of the call, of the shapes that the plan was made for.
            kwargs: of the call.

        Returns:
            One `Observed` a site whose key can be had.

        Raises:
            ValueOutOfRangeError: KS002, the arguments are of another kind than the plan's.
        """
        return self._analysis.observe(self._given.others(args, kwargs))

    def replay(self, which: Site | str | int, /, *args: Any, **kwargs: Any) -> Any:
        """Make the values of one draw again, without running the rest of the function.

        Guarantee: the same operations of the same key, so masks, integers, uniform and normal numbers
        are bit-identical to what the call draws. Samplers with more arithmetic behind the bits may
        differ in the last place, where XLA rounds otherwise in a larger program.

        Args:
            which: the draw: a `Site`, its label or module path, or its id.
            args: of the call, of the shapes that the plan was made for.
            kwargs: of the call.

        Returns:
            What was drawn: of a dropout layer the mask, True where kept. Inside loops stacked by
            iteration. A tuple where the draw makes several arrays.

        Raises:
            ValueOutOfRangeError: KS002, there is no such draw, or several, or the arguments are of
                another kind than the plan's.
            UnsupportedKeyError: KS006, the draw's key can't be had without running what has an effect.

        Example:
            >>> import jax
            >>> import keystream as ks
            >>> def noisy(x, key):
            ...     return (x + jax.random.normal(key, x.shape)).sum()
            >>> x, key = jax.numpy.ones(3), jax.random.key(0)
            >>> noise = ks.plan(noisy, x, key).replay("noisy", x, key)
            >>> bool((noise == jax.random.normal(key, (3,))).all())
            True
        """
        site = self._find(which)
        if site.unseen:
            raise _unseen(self._labels[site.id], site.unseen)
        arrays = self._given.others(args, kwargs)
        if site.id not in self._replays:
            try:
                self._replays[site.id] = self._analysis.replay(site.id)
            except ValueError as error:
                raise _unseen(self._labels[site.id], str(error)) from None
        seen = self._replays[site.id](arrays)
        values = [_which_ran(value, seen.get("ran")) for value in seen["values"]]
        return values[0] if len(values) == 1 else tuple(values)

    def findings(self) -> tuple[Finding, ...]:
        """The mistakes that the plan alone shows, judged as an audit judges; nothing is run.

        Returns:
            Of the draws of one call those that share a key (KS101, KS102, KS103), turns of a loop,
            members of a batch or shards that draw alike (KS203, KS301, KS303, KS305), and what every
            call draws again, from a key or seed that is part of the program (KS503, KS106). Draws that
            the plan can't see, with the reasons (KS902): mistakes among them are not found.
        """
        if self._findings is None:
            unseen = self._analysis.unseen()
            told = self._judge(self.name, self.sites, self._analysis.makings)
            self._findings = (*told, *((census.finding(unseen),) if unseen else ()))
        return self._findings

    def _find(self, which: Site | str | int) -> Site:
        if isinstance(which, Site):
            which = which.id
        found = [
            site
            for site in self.draws
            if which in (site.id, self._labels[site.id], site.module_path)
        ]
        if len(found) == 1:
            return found[0]
        several = ", ".join(repr(self._labels[site.id]) for site in (found or self.draws)[:6])
        raise ValueOutOfRangeError(
            f"{which!r} names {len(found) or 'no'} draw{'s' if len(found) != 1 else ''} of {self.name}",
            where=f"Plan.replay · {'they are' if found else 'its draws are'} {several or 'none'}",
            why="a replay is of one draw",
            fix="pass one of these labels, or a Site of plan.draws",
        )

    def to_json(self) -> str:
        """The plan as JSON: ``{"version": 1, "function", "bits", "slice", "sites", "findings"}``."""
        return json.dumps(
            {
                "version": 1,
                "function": self.name,
                "bits": self.bits,
                "slice": {
                    "operations": self.operations,
                    "share": self.share,
                    "reads": list(self.inputs),
                },
                "sites": [self._as_dict(site) for site in self.sites],
                "findings": [asdict(finding) for finding in self.findings()],
            },
            indent=2,
        )

    def _as_dict(self, site: Site) -> dict[str, Any]:
        fields = asdict(site)
        fields["flags"] = sorted(site.flags)
        fields["repeats"] = site.repeats
        fields["label"] = self._labels.get(site.id, "")
        return fields

    def __str__(self) -> str:
        return render.text(self)

    def __repr__(self) -> str:
        draws = f"{len(self.draws)} draw{'s' * (len(self.draws) != 1)}"
        return f"<plan of {self.name}: {draws}, {render.amount(self.bits)}>"

    def to_html(self) -> str:
        """The plan as an HTML table, without a page around it."""
        return render.html(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self.to_html()}


def _ran(seen: Observed) -> NDArray[np.uint32]:
    return np.asarray(_which_ran(seen.keys, seen.ran))


def _which_ran(values: Any, ran: Any) -> Any:
    """Of values stacked by loops those that were executed."""
    if ran is None:
        return values
    chosen = np.asarray(ran)
    if chosen.ndim == 0:
        return values if chosen else values[None][:0]
    return (
        np.asarray(values)[chosen]
        if not jax.dtypes.issubdtype(values.dtype, jax.dtypes.prng_key)
        else values[np.nonzero(chosen)]
    )


def _unseen(label: str, reason: str) -> UnsupportedKeyError:
    return UnsupportedKeyError(
        f"the draw {label!r} can't be made again: {reason}",
        where="Plan.replay",
        why="running that a second time would change the program, or cost as much as it",
        fix="return the drawn values from the function itself",
    )
