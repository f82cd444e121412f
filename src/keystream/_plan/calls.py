"""Which sites are one call of the user's: the parts of a sampler that is not one jitted function."""

from __future__ import annotations

from typing import Any

from keystream._plan import frames as stacks
from keystream._plan.derivations import chain
from keystream._plan.origin import MAKERS, Origins
from keystream._plan.regions import Draft

_PASSED = ("index", "pick", "branch", "element", "broadcast_in_dim", "carry", "ended", "stacked")


class Calls:
    """Numbers the calls that sites belong to.

    Parts of one call stand in the same sampler, called from the same place with the same key. A part
    that comes a second time is of another call: a Python loop, say, that calls with one key again.
    """

    def __init__(self, origins: Origins) -> None:
        self._origins = origins
        self._numbers: dict[Any, int] = {}
        self._parts: dict[int, set[Any]] = {}
        self._count = 0

    def number(self, equation: Any, draft: Draft, key: int | None) -> int:
        """The number of the call that a site is, or is a part of."""
        alone = draft.kind not in ("draw", "split", "fold_in") or draft.sampler in MAKERS
        if alone or key is None or draft.sampler.startswith("ks."):
            return self._new()
        outside = _outside(draft.frames)
        name = (draft.sampler, outside, self._given(key))
        inside = draft.frames[: len(draft.frames) - len(outside)]
        part = (inside, equation.primitive.name)
        found = self._numbers.get(name)
        if found is None or part in self._parts[found]:
            found = self._numbers[name] = self._new()
            self._parts[found] = set()
        self._parts[found].add(part)
        return found

    def _new(self) -> int:
        self._count += 1
        return self._count - 1

    def _given(self, key: int) -> int:
        """The key that the sampler was given, of one that it may have derived itself."""
        given, inside = key, False
        for _, node in chain(self._origins, key):
            inside = inside or node.inside
            if node.inside or (inside and node.op in ("carry", "element")):
                given = node.arguments[0]
            elif node.op not in _PASSED:
                break
        return given


def _outside(frames: stacks.Frames) -> stacks.Frames:
    """The frames from the sampler's caller outward."""
    last = 0
    for place, (code, _) in enumerate(frames):
        if stacks.is_sampler(code.co_filename):
            last = place + 1
        elif last and not stacks.is_jax(code.co_filename):
            break
    return frames[last:]
