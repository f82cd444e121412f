"""What a slice costs beside its program: a count of elementary operations, of both."""

from __future__ import annotations

import math
from typing import Any, Final

from keystream._plan import primitives
from keystream._plan.regions import Region

SHARE: Final = 0.05  # of the program's operations, above which a slice is costly
FREE: Final = 5e6  # operations, a few milliseconds, below which no slice is
PART: Final = 0.01  # of the program's operations, above which one operation makes a slice costly

_HASH: Final = 40  # operations of Threefry for a word
_ROUNDS: Final = 8  # that a ``while`` is taken to run


class Costs:
    """The costs of jaxprs and of what is marked in regions; each jaxpr is counted once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, Any]] = {}

    def of(self, jaxpr: Any) -> float:
        """The operations of a whole jaxpr."""
        inner, _ = primitives.opened(jaxpr)
        found = self._known.get(id(inner))
        if found is None:
            cost = sum(self.equation(equation) for equation in inner.eqns)
            found = self._known[id(inner)] = (cost, inner)
        return found[0]

    def equation(self, equation: Any) -> float:
        """The operations of one equation, with all that it runs."""
        inner = primitives.any_jaxprs(equation)
        if inner:
            return times(equation) * sum(self.of(each) for each in inner)
        return _alone(equation)

    def marked(self, region: Region) -> float:
        """The operations of what is marked in a region and below."""
        cost = 0.0
        for place in region.needed:
            equation = region.jaxpr.eqns[place]
            children = region.entered.get(place, ())
            if children and place not in region.sites:
                cost += times(equation) * sum(self.marked(child) for child in children)
            elif place not in region.identities:
                cost += self.equation(equation)
        return cost


def times(equation: Any) -> int:
    """How often an equation runs what it holds."""
    if equation.primitive.name == "scan":
        return int(equation.params["length"])
    return _ROUNDS if equation.primitive.name == "while" else 1


def around(region: Region) -> int:
    """How often a region is run."""
    count, inner = 1, region
    while inner.parent is not None:
        count *= times(inner.equation)
        inner = inner.parent
    return count


def _alone(equation: Any) -> float:
    name = equation.primitive.name
    made = sum(primitives.size(var.aval) for var in equation.outvars)
    if name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        shape = equation.invars[0].aval.shape
        return 2.0 * made * math.prod(shape[axis] for axis in contracted)
    if name == "conv_general_dilated":
        kernel = equation.invars[1].aval
        return 2.0 * made * primitives.size(kernel) / max(1, kernel.shape[-1])
    if name in primitives.DRAWS or name.startswith("random_"):
        return float(_HASH * max(made, 1))
    read = max((primitives.size(var.aval) for var in equation.invars), default=0)
    return float(max(made, read if name.startswith(("reduce", "arg", "sort", "cum")) else 0))
