"""The derivation of a key in words: from its root, step by step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keystream._plan.origin import Node, Origins
from keystream._plan.site import RootKind, Step

Chain = list[tuple[int, Node]]  # of a key: the numbers and nodes from the key back to its root

_SHOWN = 16  # steps of a derivation; of longer ones the first and the last
_HIDDEN = ("branch", "joined", "broadcast_in_dim", "reshape", "squeeze", "pick", "transpose")
_ROOTS = ("seed", "input", "constant", "literal", "unknown", "axis_index")
_HOLDERS = ("value", "raw_value")  # attributes that hold an array; the name before them tells more


@dataclass(frozen=True)
class Names:
    """What a program's flat inputs are called.

    Attributes:
        inputs: by ordinal.
        streams: of those that are the roots of a `Streams`, the name of each stream by its id.
        tags: of those that bear their stream's name, the name.
    """

    inputs: Sequence[str] = ()
    streams: Mapping[int, Mapping[int, str]] = field(default_factory=dict[int, Mapping[int, str]])
    tags: Mapping[int, str] = field(default_factory=dict[int, str])


UNNAMED = Names()


def chain(origins: Origins, key: int) -> Iterator[tuple[int, Node]]:
    """The numbers and nodes from a key back to its root."""
    for _ in range(100_000):
        node = origins.nodes[key]
        yield key, node
        following = _parent(origins, node)
        if following is None:
            return
        key = following


def _parent(origins: Origins, node: Node) -> int | None:
    """The key that a node derives from, or None at the root."""
    if node.op in _ROOTS or not node.arguments:
        return None
    if node.op == "select_n":
        return node.arguments[1]
    known = (a for a in node.arguments if origins.nodes[a].op != "literal")
    return next(known, node.arguments[0])


@dataclass(frozen=True)
class Words:
    """Puts expressions into words.

    Attributes:
        origins: the expressions.
        names: of the inputs.
    """

    origins: Origins
    names: Names

    def steps(self, found: Chain) -> tuple[Step, ...]:
        """A derivation, root first; of a long one the middle is left out."""
        shown = [node for _, node in reversed(found) if node.op not in _HIDDEN]
        if len(shown) <= _SHOWN:
            return tuple(self._step(node) for node in shown)
        left_out = Step("...", f"{len(shown) - _SHOWN + 1} more")
        last = (self._step(node) for node in shown[-_SHOWN + 2 :])
        return self._step(shown[0]), left_out, *last

    def root(self, node: Node | None) -> tuple[RootKind, str]:
        """Where a derivation starts, and what that is called."""
        if node is None:
            return "unknown", ""
        if node.op == "input":
            return "input", self.input(node.detail)
        if node.op in ("constant", "literal"):
            return "constant", _constant(node.detail)
        if node.op == "seed":
            return "seed", self._number(node.arguments[0])
        return "unknown", ""

    def stream(self, found: Chain) -> str:
        """What a key's root goes by: a stream of a `Streams`, or the last name of its argument."""
        for _, node in found:
            own = self._own_stream(node) if node.op.startswith("ks.") else ""
            if own:
                return own
        if not found or found[-1][1].op != "input":
            return ""
        place: Any = found[-1][1].detail
        if place in self.names.tags:
            return self.names.tags[place]
        parts = re.findall(r"\w+", self.input(place))
        named = [part for part in parts if not part.isdigit() and part not in _HOLDERS]
        return named[-1] if named else ""

    def input(self, place: Any) -> str:
        """The name of a flat input."""
        inputs = tuple(self.names.inputs)
        return inputs[int(place)] if place < len(inputs) else f"input {place}"

    def _step(self, node: Node) -> Step:
        say = _SAY.get(node.op)
        if say is not None:
            op, detail = say(self, node)
            return Step(op, detail, node.place)
        detail = self._own_stream(node) if node.op.startswith("ks.") else ""
        return Step(node.op, detail, node.place)

    def _number(self, number: int, depth: int = 0) -> str:
        """What is folded in, or a seed."""
        node = self.origins.nodes[number]
        if node.op == "literal":
            return str(_scalar(node.detail))
        if node.op == "input":
            return self.input(node.detail)
        if node.op in ("carry", "element"):
            return "the iteration"
        inner = [a for a in node.arguments if self.origins.nodes[a].op != "literal"]
        if inner and depth < 8 and node.op in ("convert_element_type", "branch", "squeeze"):
            return self._number(inner[0], depth + 1)
        return "axis_index" if node.op == "axis_index" else "?"

    def _own_stream(self, node: Node) -> str:
        """The stream that a derivation of a `Streams` is of, by the id that it was given."""
        if len(node.arguments) < 2 or not isinstance(node.detail, tuple):
            return ""
        root, given = (self.origins.nodes[argument] for argument in node.arguments[:2])
        known = self.names.streams.get(root.detail, {}) if isinstance(root.detail, int) else {}
        if not known or given.op not in ("constant", "literal"):
            return ""
        detail: Any = given.detail
        kind, shape, data = detail
        if len(shape) != 2 or not isinstance(data, bytes):
            return ""
        ids = np.frombuffer(data, np.dtype(kind)).reshape(shape)[1]
        place: Any = node.detail[0]
        return known.get(int(ids[place]), "") if place < len(ids) else ""

    def say_input(self, node: Node) -> tuple[str, str]:
        return "input", self.input(node.detail)

    def say_constant(self, node: Node) -> tuple[str, str]:
        return "constant", _constant(node.detail)

    def say_index(self, node: Node) -> tuple[str, str]:
        detail: Any = node.detail
        return "index", f"[{':, ' * detail[0]}{detail[1]}]"

    def say_split(self, node: Node) -> tuple[str, str]:
        detail: Any = node.detail
        return "split", ", ".join(map(str, detail[0]))

    def say_fold(self, node: Node) -> tuple[str, str]:
        return "fold_in", self._number(node.arguments[1])

    def say_seed(self, node: Node) -> tuple[str, str]:
        return "seed", self._number(node.arguments[0])


_SAY: dict[str, Callable[[Words, Node], tuple[str, str]]] = {
    "input": Words.say_input,
    "constant": Words.say_constant,
    "literal": Words.say_constant,
    "index": Words.say_index,
    "split": Words.say_split,
    "fold_in": Words.say_fold,
    "seed": Words.say_seed,
    "carry": lambda _, node: ("loop", "carried"),
    "ended": lambda _, node: ("loop", "at its end"),
    "element": lambda _, node: ("loop", "by iteration"),
    "stacked": lambda _, node: ("loop", "stacked"),
    "shard": lambda _, node: ("shards", "each its part"),
}


def _constant(detail: Any) -> str:
    kind, shape, data = detail
    words = kind == "uint32" and shape[-1:] in ((2,), (4,))
    if isinstance(data, bytes) and (kind == "key" or words):
        numbers = np.frombuffer(data, np.uint32).tolist()
        return "key " + ":".join(f"{number:08x}" for number in numbers[:4])
    number = _scalar(detail)
    return str(number) if number is not None else f"{kind}{list(shape)}"


def _scalar(detail: Any) -> Any:
    kind, shape, data = detail
    if shape != () or kind == "key" or not isinstance(data, bytes):
        return None
    return np.frombuffer(data, np.dtype(kind))[0].item()
