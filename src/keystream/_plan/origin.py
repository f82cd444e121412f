"""Where keys come from: the slice, run on expressions in place of arrays.

Equal expressions are one node, so two sites whose keys are one node have one key, provably. A node
knows the loops that it may vary in; a key that a loop is not among is the same in all its iterations.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from keystream._findings import Location
from keystream._plan import frames as stacks
from keystream._plan import primitives, tainted
from keystream._plan.marking import key_operands
from keystream._plan.regions import Region

MAKERS = ("split", "fold_in", "key", "PRNGKey", "rbg_key", "clone", "wrap_key_data", "key_data", "")

_TRANSPARENT = (
    "random_wrap",
    "random_unwrap",
    "copy",
    "copy_p",
    "pvary",
    "pcast",
    "optimization_barrier",
    "sharding_constraint",
    "reshard",
    "stop_gradient",
    "device_put",
)
_DERIVATIONS = primitives.DERIVATIONS
_VARYING = "axis_index"
_SPREADS = ("broadcast_in_dim", "reshape", "squeeze", "expand_dims")
_SMALL = 256  # elements up to which constants are compared by value, not by identity


@dataclass(frozen=True)
class Node:
    """A value as an expression.

    Attributes:
        op: what makes it; see `Step`.
        detail: static data.
        arguments: nodes that it is made of; the first is the key that it derives from.
        varies: the paths of loops (and shards) in which it may differ.
        place: the user's line, for derivations.
        inside: derived within a sampler of ``jax.random``.
        value: equal for nodes that are equal by a law of JAX's.
    """

    op: str
    detail: Hashable
    arguments: tuple[int, ...]
    varies: frozenset[tuple[int, ...]]
    place: Location | None = None
    inside: bool = False
    value: int = -1


@dataclass
class Origins:
    """The expressions of a program's keys.

    Attributes:
        nodes: every expression, by number.
        keys: by the number of a site, the node of its key.
        data: by the number of a fold, the node of what is folded in.
    """

    nodes: list[Node] = field(default_factory=list[Node])
    keys: dict[int, int] = field(default_factory=dict[int, int])
    data: dict[int, int] = field(default_factory=dict[int, int])
    _known: dict[Hashable, int] = field(default_factory=dict[Hashable, int])
    _values: dict[Hashable, int] = field(default_factory=dict[Hashable, int])
    _axes: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])

    def find(self, program: Region) -> None:
        """Run a program that is marked for all its sites."""
        inputs = {place: self.node("input", place) for place in program.wanted}
        self._run(program, inputs)

    def node(
        self,
        op: str,
        detail: Hashable = None,
        arguments: tuple[int, ...] = (),
        varies: frozenset[tuple[int, ...]] | None = None,
        **about: Any,
    ) -> int:
        """The node of an expression, made where it is new."""
        name = (op, detail, arguments)
        found = self._known.get(name)
        if found is None:
            if varies is None:
                varies = frozenset().union(*(self.nodes[a].varies for a in arguments))
            value = self._value(op, detail, arguments)
            found = self._known[name] = len(self.nodes)
            self.nodes.append(Node(op, detail, arguments, varies, value=value, **about))
        return found

    def _value(self, op: str, detail: Hashable, arguments: tuple[int, ...]) -> int:
        """Number of the value: ``split(k, n)[i]`` and ``fold_in(k, i)`` are one value."""
        values = tuple(self.nodes[argument].value for argument in arguments)
        law: Hashable = (op, detail, values)
        if op == "branch":
            return values[0]
        of_split = op == "index" and self.nodes[arguments[0]].op == "split"
        if of_split and isinstance(detail, tuple) and detail[0] == 0:
            split = self.nodes[arguments[0]]
            if len(split.detail[0]) == 1 and split.detail[1] == 0:  # pyright: ignore
                law = ("child", detail[1], self.nodes[split.arguments[0]].value)
        if op == "fold_in" and detail == 0 and self.nodes[arguments[1]].op == "literal":
            number = _number(self.nodes[arguments[1]].detail)
            if number is not None:
                law = ("child", number, values[0])
        return self._values.setdefault(law, len(self._values))

    def number(self, node: int) -> int | None:
        """The integer that a node is, where that is static."""
        found = self.nodes[node]
        return _number(found.detail) if found.op == "literal" else None

    # The run.

    def _run(self, region: Region, inputs: dict[int, int]) -> dict[int, int]:
        jaxpr = region.jaxpr
        values: dict[Any, int] = {jaxpr.invars[place]: node for place, node in inputs.items()}
        consts = dict(zip(jaxpr.constvars, region.consts, strict=True))

        def read(var: Any) -> int:
            if hasattr(var, "val"):
                return self._literal("literal", var.val)
            if var not in values:
                if var in consts:
                    values[var] = self._literal("constant", consts[var])
                else:
                    return self.node("unknown", (region.path, id(var)))
            return values[var]

        for place in sorted(region.needed | region.sites.keys()):
            equation, draft = jaxpr.eqns[place], region.sites.get(place)
            if draft is not None and draft.operand >= 0:
                operands = key_operands(equation, draft)
                self.keys[draft.number] = read(operands[0])
                if len(operands) > 1 and draft.kind == "fold_in":
                    self.data[draft.number] = read(operands[1])
            if place in region.needed:
                outs = self._equation(region, place, read)
                values.update((equation.outvars[n], node) for n, node in outs.items())
        return {place: read(jaxpr.outvars[place]) for place in region.results}

    def _equation(self, region: Region, place: int, read: Any) -> dict[int, int]:
        equation = region.jaxpr.eqns[place]
        kind, children = primitives.structure(equation), region.entered.get(place, ())
        if kind is None or not children or place in region.sites:
            return self._leaf(region, place, read)
        if kind in ("call", "shards"):
            child = children[0]
            inputs = {number: read(equation.invars[number]) for number in child.wanted}
            return self._run(child, inputs) if kind == "call" else self._shards(child, inputs)
        if kind == "cond":
            return self._cond(equation, children, read)
        if kind == "scan":
            return self._scan(equation, children[0], read)
        return self._while(equation, children, read)

    def _leaf(self, region: Region, place: int, read: Any) -> dict[int, int]:
        equation = region.jaxpr.eqns[place]
        name = equation.primitive.name
        arguments = tuple(read(var) for var in equation.invars)
        if place in region.identities:
            return {0: self.node("branch", _branch(region, equation), arguments[1:2])}
        if name in _DERIVATIONS or primitives.own_name(equation):
            return self._derivation(region, equation, arguments)
        if name in _TRANSPARENT and len(arguments) >= len(equation.outvars):
            return dict(enumerate(arguments[: len(equation.outvars)]))
        if name == "convert_element_type" and self.nodes[arguments[0]].op == "literal":
            return {0: arguments[0]}
        if tainted.effect(equation):
            return self._anew(region, equation, arguments)
        rows = self._rows(equation, arguments)
        return self._any(equation, arguments) if rows is None else rows

    def _anew(self, region: Region, equation: Any, arguments: tuple[int, ...]) -> dict[int, int]:
        """What may be another value each time: of an effect, or from the host."""
        varies = frozenset(inner.path for inner in region.outward())
        name = (region.path, id(equation))
        return {
            number: self.node(equation.primitive.name, (name, number), arguments, varies)
            for number in range(len(equation.outvars))
        }

    def _rows(self, equation: Any, arguments: tuple[int, ...]) -> dict[int, int] | None:
        """What takes rows of an array of keys, however it is written."""
        name = equation.primitive.name
        if name == "unstack":
            axis = int(equation.params["axis"])
            return {
                number: self.node("index", (axis, number), arguments[:1])
                for number in range(len(equation.outvars))
            }
        picked = _picked(equation)
        if picked is not None:
            return {0: self.node("pick", picked, arguments[:1])}
        if name in ("squeeze", "reshape") and self._is_indexed(equation, arguments):
            pick = self.nodes[arguments[0]]
            return {0: self.node("index", pick.detail, pick.arguments)}
        return None

    def _any(self, equation: Any, arguments: tuple[int, ...]) -> dict[int, int]:
        """Any other operation: the same of the same arguments is the same."""
        name, parameters = equation.primitive.name, equation.params
        varies = None
        if name == _VARYING:
            axis = str(parameters.get("axis_name"))
            varies = frozenset({self._axes[axis]}) if axis in self._axes else frozenset()
        detail = (name, _frozen(parameters))
        return {
            number: self.node(name, (detail, number), arguments, varies)
            for number in range(len(equation.outvars))
        }

    def _derivation(
        self, region: Region, equation: Any, arguments: tuple[int, ...]
    ) -> dict[int, int]:
        name, frames = equation.primitive.name, stacks.frames_of(equation) + region.frames
        about = {
            "place": stacks.innermost(frames),
            "inside": stacks.sampler(frames) not in MAKERS,
        }
        if name in _DERIVATIONS:
            lanes = len(equation.invars[0].aval.shape)
            detail: Hashable = lanes
            if name == "random_split":
                detail = tuple(equation.params["shape"]), lanes
            if name == "random_seed":
                detail = str(equation.params.get("impl"))
            op = _DERIVATIONS[name]
            return {0: self.node(op, detail, arguments, None, **about)}
        own = f"ks.{primitives.own_name(equation)}"
        return {
            number: self.node(own, (number, _frozen(equation.params)), arguments, None, **about)
            for number in range(len(equation.outvars))
        }

    def _is_indexed(self, equation: Any, arguments: tuple[int, ...]) -> bool:
        node = self.nodes[arguments[0]]
        if node.op != "pick" or not isinstance(node.detail, tuple):
            return False
        axis, before = node.detail[0], equation.invars[0].aval.shape
        return equation.outvars[0].aval.shape == before[:axis] + before[axis + 1 :]

    def _literal(self, op: str, value: Any) -> int:
        if not hasattr(value, "size"):
            value = np.asarray(value, getattr(value, "dtype", None))
        if primitives.is_key(value):
            words = np.asarray(jax.random.key_data(value)) if value.size <= _SMALL else None
            detail = ("key", value.shape, words.tobytes() if words is not None else id(value))
        elif value.size <= _SMALL:
            flat = np.asarray(value)
            detail = (str(flat.dtype), flat.shape, flat.tobytes())
            op = "literal" if op == "literal" or flat.size <= 1 else op
        else:
            detail = (str(value.dtype), value.shape, id(value))
        return self.node(op, detail)

    def _shards(self, child: Region, inputs: dict[int, int]) -> dict[int, int]:
        specs = child.equation.params["in_specs"]
        for name in child.equation.params["mesh"].axis_names:
            self._axes[str(name)] = child.path
        apart = {
            number: node if not any(specs[number]) else self._varying("shard", child.path, node)
            for number, node in inputs.items()
        }
        outs = self._run(child, apart)
        return {number: self._out("joined", child.path, node) for number, node in outs.items()}

    def _varying(self, op: str, path: tuple[int, ...], node: int, detail: Hashable = None) -> int:
        varies = self.nodes[node].varies | {path}
        return self.node(op, (path, detail), (node,), varies)

    def _out(self, op: str, path: tuple[int, ...], node: int, detail: Hashable = None) -> int:
        varies = self.nodes[node].varies - {path}
        return self.node(op, (path, detail), (node,), varies)

    def _cond(self, equation: Any, branches: tuple[Region, ...], read: Any) -> dict[int, int]:
        made = [
            self._run(
                branch, {number: read(equation.invars[number + 1]) for number in branch.wanted}
            )
            for branch in branches
        ]
        index = read(equation.invars[0])
        outs: dict[int, int] = {}
        for number in made[0]:
            nodes = tuple(outs_of[number] for outs_of in made)
            same = len(set(nodes)) == 1
            outs[number] = nodes[0] if same else self.node("select", None, (*nodes, index))
        return outs

    def _scan(self, equation: Any, body: Region, read: Any) -> dict[int, int]:
        consts, carried = primitives.scan_sizes(equation)

        def inputs(fixed: set[int]) -> dict[int, int]:
            found: dict[int, int] = {}
            for place in body.wanted:
                node = read(equation.invars[place])
                if consts <= place < consts + carried and place - consts not in fixed:
                    node = self._varying("carry", body.path, node, place - consts)
                elif place >= consts + carried:
                    node = self._varying("element", body.path, node)
                found[place] = node
            return found

        first = inputs(set())
        outs = self._run(body, first)
        fixed = {p for p in body.carry if outs.get(p) == first.get(p + consts)}
        if fixed:
            outs = self._run(body, inputs(fixed))
        made: dict[int, int] = {}
        for place, node in outs.items():
            if place >= carried:
                made[place] = self._out("stacked", body.path, node)
            elif place in fixed:
                made[place] = read(equation.invars[consts + place])
            else:
                made[place] = self._out("ended", body.path, node, place)
        return made

    def _while(self, equation: Any, children: tuple[Region, ...], read: Any) -> dict[int, int]:
        tested, bodied = equation.params["cond_nconsts"], equation.params["body_nconsts"]
        condition, body = children

        def carry(place: int, fixed: set[int]) -> int:
            node = read(equation.invars[tested + bodied + place])
            return node if place in fixed else self._varying("carry", body.path, node, place)

        def inputs(fixed: set[int]) -> dict[int, int]:
            return {
                p: read(equation.invars[tested + p]) if p < bodied else carry(p - bodied, fixed)
                for p in body.wanted
            }

        self._run(
            condition,
            {
                p: read(equation.invars[p]) if p < tested else carry(p - tested, set())
                for p in condition.wanted
            },
        )
        first = inputs(set())
        outs = self._run(body, first)
        fixed = {p for p in body.carry if outs.get(p) == first.get(p + bodied, -1)}
        if fixed:
            outs = self._run(body, inputs(fixed))
        return {
            place: carry(place, fixed)
            if place in fixed
            else self._out("ended", body.path, node, place)
            for place, node in outs.items()
        }


def _branch(region: Region, equation: Any) -> tuple[Hashable, int]:
    """Of a branch that ``vmap`` made a select of: what names the condition, and the branch.

    The predicate is spread over the axes of what is selected: the words of a legacy key, say.
    """
    makers = {id(maker.outvars[0]): maker for maker in region.jaxpr.eqns if maker.outvars}
    predicate: Any = equation.invars[0]
    maker = makers.get(id(predicate))
    while maker is not None and maker.primitive.name in _SPREADS:
        predicate = maker.invars[0]
        maker = makers.get(id(predicate))
    if maker is not None and maker.primitive.name == "eq":
        index, branch = maker.invars
        if hasattr(branch, "val"):
            return (region.path, id(index)), int(branch.val)
    return (region.path, id(predicate)), 0


def _picked(equation: Any) -> tuple[int, int] | None:
    """The axis along which a slice takes a single row, all of the others being whole, and the row."""
    name, parameters = equation.primitive.name, equation.params
    shape = tuple(equation.invars[0].aval.shape) if equation.invars else ()
    if name == "slice" and not any(stride != 1 for stride in parameters["strides"] or ()):
        starts = tuple(parameters["start_indices"])
        sizes = tuple(b - a for a, b in zip(starts, parameters["limit_indices"], strict=True))
    elif name == "dynamic_slice" and all(hasattr(var, "val") for var in equation.invars[1:]):
        starts = tuple(int(var.val) for var in equation.invars[1:])
        sizes = tuple(parameters["slice_sizes"])
    else:
        return None
    cut = [
        axis for axis, (size, whole) in enumerate(zip(sizes, shape, strict=True)) if size != whole
    ]
    if not cut and shape[:1] == (1,):
        return 0, 0
    return (cut[0], starts[cut[0]]) if len(cut) == 1 and sizes[cut[0]] == 1 else None


def _frozen(parameters: dict[str, Any]) -> Hashable:
    frozen: list[tuple[str, Hashable]] = []
    for name, value in sorted(parameters.items()):
        try:
            hash(value)
            frozen.append((name, value))
        except TypeError:
            frozen.append((name, ("id", id(value))))
    return tuple(frozen)


def _number(detail: Any) -> int | None:
    """The integer of a literal's detail."""
    kind, shape, data = detail
    if shape != () or kind == "key" or not isinstance(data, bytes):
        return None
    number = np.frombuffer(data, np.dtype(kind))[0]
    return int(number) if np.issubdtype(np.dtype(kind), np.integer) else None
