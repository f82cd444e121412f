"""Whether a plan is whole: the draws of a program counted again, by a walk that knows no regions.

The plan enters control flow, each kind in its own way, to say which keys are drawn from. This only
counts, in every jaxpr that it can find. Where the two differ the plan is short, and says by how much.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from keystream._findings import Finding
from keystream._plan import primitives
from keystream._plan.regions import Draft, Region
from keystream._plan.site import Site

UNLISTED = "a draw of the program is not in its plan"
UNREAD = "the plan lists a draw whose key it does not compute"


class Counts:
    """How many drawing equations jaxprs hold, at any depth; each jaxpr is looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, Any]] = {}

    def of(self, jaxprs: Iterable[Any]) -> int:
        """The drawing equations of several jaxprs; one that is used twice counts twice."""
        return sum(self._of(primitives.opened(jaxpr)[0]) for jaxpr in jaxprs)

    def equation(self, equation: Any) -> int:
        """One for an equation that draws itself, else what it holds."""
        name = equation.primitive.name
        if name in primitives.DRAWS or name in primitives.KEYLESS:
            return 1
        return self.of(primitives.any_jaxprs(equation))

    def _of(self, jaxpr: Any) -> int:
        found = self._known.get(id(jaxpr))
        if found is None:
            count = sum(self.equation(equation) for equation in jaxpr.eqns)
            found = self._known[id(jaxpr)] = (count, jaxpr)  # alive, so that the id stays its own
        return found[0]


def unlisted(program: Region) -> int:
    """How many drawing equations of a program are neither a site of its plan nor within one."""
    counts = Counts()
    listed = sum(
        counts.equation(region.jaxpr.eqns[place])
        for region in program.below()
        for place in region.sites
    )
    return max(counts.of((program.jaxpr,)) - listed, 0)


def unread(program: Region, wants: Callable[[Draft], str], seen: Collection[int]) -> set[int]:
    """The sites that a slice was to observe, and does not."""
    wanted = {
        draft.number
        for region in program.below()
        for draft in region.sites.values()
        if wants(draft) and draft.operand >= 0
    }
    return wanted - set(seen)


def reasons(sites: Iterable[Site], unlisted: int, unread: int) -> dict[str, int]:
    """Why draws of a program are not seen, and how many of them."""
    found: dict[str, int] = {}
    for site in sites:
        if site.unseen and site.kind in ("draw", "opaque"):
            found[site.unseen] = found.get(site.unseen, 0) + 1
    missing = {UNLISTED: unlisted, UNREAD: unread}
    return found | {reason: count for reason, count in missing.items() if count}


def finding(found: dict[str, int]) -> Finding:
    """What a plan says of draws that it does not see."""
    told = "; ".join(f"{reason} ({count})" for reason, count in found.items())
    return Finding(
        "KS902",
        "note",
        f"not every draw is seen: {told}",
        "mistakes among what was not seen are not in this plan",
        "read the reasons; docs/audit.md says what each means",
        count=sum(found.values()),
    )
