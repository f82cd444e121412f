"""Whether a program compares two results with each other: the operands are the results themselves."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from keystream._evidence.names import (
    Step,
    dotted,
    header,
    names_bound,
    names_read,
    overlap,
    step_of,
)
from keystream._evidence.source import called, spans, statement
from keystream._findings import Location

# Functions of NumPy, JAX, chex, unittest, Keras and Python that say whether two values are equal.
_EQUALITIES = frozenset(
    {"allclose", "array_equal", "array_equiv", "isclose", "tree_all", "equal", "almost_equal", "eq"}
)


ASSERTIONS = ("assert", "Assert")  # assert_array_equal, assertEqual, assert_trees_all_close


# Functions of Python and NumPy that give values in another form.
_FORMS = frozenset(
    {"asarray", "array", "float", "int", "list", "tuple", "device_get", "block_until_ready", "item",
     "tolist", "copy", "key_data", "sum", "mean", "ravel", "flatten", "leaves", "tree_leaves", "bool",
     "str", "tobytes", "bytes", "all", "any", "max", "min", "abs", "stack"}
)  # fmt: skip


# Attributes that say nothing of an array's values, and assertions of chex and NumPy that say no more.
_OUTER = frozenset({"shape", "dtype", "ndim", "size", "nbytes", "itemsize", "sharding", "aval"})
_OTHER_ASSERTIONS = frozenset(
    {"assert_equal_shape", "assert_equal_size", "assert_equal_rank", "assert_array_less",
     "assert_trees_all_equal_shapes", "assert_trees_all_equal_dtypes", "assert_trees_all_equal_sizes",
     "assert_trees_all_equal_shapes_and_dtypes", "assert_trees_all_equal_structs",
     "assert_tree_shape_prefix", "assert_tree_same_structure"}
)  # fmt: skip

Comparisons = Callable[[Iterable[Step]], Iterator[list[ast.AST]]]


def compared(
    first: Location, second: Location, steps: tuple[Step, ...], operands_in: Comparisons
) -> bool:
    """Whether the results of two calls are operands of one comparison.

    Args:
        first: the earlier call.
        second: the later one.
        steps: of their function.
        operands_in: gives the operands of each comparison in some statements.
    """
    for step in steps:
        for operands in operands_in((step,)):
            one, other = _names_at(step, first, steps), _names_at(step, second, steps)
            sides = [
                (_is_result(side, first, one), _is_result(side, second, other)) for side in operands
            ]
            for number, side in enumerate(sides):
                rest = sides[:number] + sides[number + 1 :]
                if side[0] and any(each[1] for each in rest):
                    return True
    return False


def is_central_difference(one: ast.Call | None, other: ast.Call | None) -> bool:
    """Whether two calls differ in nothing but that one is given ``a + b`` and the other ``a - b``.

    Their difference is a derivative by finite differences, which wants common random numbers.
    """
    if one is None or other is None or ast.dump(one.func) != ast.dump(other.func):
        return False
    if len(one.args) != len(other.args):
        return False
    if list(map(ast.dump, one.keywords)) != list(map(ast.dump, other.keywords)):
        return False
    differing = [
        (mine, theirs)
        for mine, theirs in zip(one.args, other.args, strict=True)
        if ast.dump(mine) != ast.dump(theirs)
    ]
    return len(differing) == 1 and all(
        isinstance(mine, ast.BinOp)
        and isinstance(theirs, ast.BinOp)
        and {type(mine.op), type(theirs.op)} == {ast.Add, ast.Sub}
        and ast.dump(mine.left) == ast.dump(theirs.left)
        and ast.dump(mine.right) == ast.dump(theirs.right)
        for mine, theirs in differing
    )


def differences(steps: Iterable[Step]) -> Iterator[list[ast.AST]]:
    for step in steps:
        for part in header(step.node)[1]:
            for node in ast.walk(part):
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
                    yield [node.left, node.right]


def _names_of(place: Location, steps: tuple[Step, ...]) -> set[str]:
    """The names that hold a call's result, also in another form."""
    node = statement(place)
    if not isinstance(node, (ast.Assign, ast.AnnAssign, ast.For)):
        return set()
    names = set(step_of(node).stores)  # of a loop over results its own target
    for step in steps:
        if isinstance(step.node, ast.Assign) and step.node.lineno > node.lineno:
            core = _core(step.node.value)
            if dotted(core) in names:
                names |= step.stores
    return names


def _names_at(at: Step, place: Location, steps: tuple[Step, ...]) -> set[str]:
    """The names that still hold a call's result at a later statement."""
    names = _names_of(place, steps)
    for step in steps:
        between = place.line < step.node.lineno < at.node.lineno
        if between and not overlap(step.reads, names):
            names -= step.stores  # bound to something else
    return names


def _core(node: ast.AST) -> ast.AST:
    """An expression without what only gives it another form: ``x`` of ``float(x[0].sum())``."""
    while True:
        if isinstance(node, ast.Call) and called(node.func) in _FORMS:
            if node.args:
                node = node.args[0]
            elif isinstance(node.func, ast.Attribute):
                node = node.func.value
            else:
                return node
        elif isinstance(node, (ast.Subscript, ast.UnaryOp, ast.Starred, ast.Await)):
            node = node.operand if isinstance(node, ast.UnaryOp) else node.value
        elif (
            isinstance(node, ast.Attribute)
            and not isinstance(node.value, ast.Name)
            and node.attr not in _OUTER
        ):
            node = node.value
        else:
            return node


def _is_result(side: ast.AST, place: Location, names: set[str]) -> bool:
    core = _core(side)
    if isinstance(core, ast.Call):
        return spans(core, place)
    if isinstance(core, ast.Attribute) and core.attr in _OUTER:
        return False
    name = dotted(core)
    return any(name == each or name.startswith(f"{each}.") for each in names)


def comparisons(steps: Iterable[Step]) -> Iterator[list[ast.AST]]:
    """The operands of everything that says whether values are equal."""
    for step in steps:
        parts = header(step.node)[1]
        for node in (inner for part in parts for inner in ast.walk(part)):
            if isinstance(node, ast.Compare):
                # `if a != b: raise` wants them equal; `assert a != b` wants them to differ.
                wanted = (ast.Eq,) if isinstance(step.node, ast.Assert) else (ast.Eq, ast.NotEq)
                if all(isinstance(op, wanted) for op in node.ops):
                    yield [node.left, *node.comparators]
            elif isinstance(node, ast.Call):
                name = called(node.func)
                if _says_equal(name):
                    yield list(node.args)
                elif name in ("map", "tree_map") and any(
                    _says_equal(called(each)) for each in node.args[:1]
                ):
                    yield list(node.args[1:])


def _says_equal(name: str) -> bool:
    """Whether a function says, or asserts, that values are equal."""
    asserts = name.startswith(ASSERTIONS) and name not in _OTHER_ASSERTIONS
    return asserts or name in _EQUALITIES


def turns_compared(place: Location, body: list[Step], steps: tuple[Step, ...]) -> bool:
    """Whether results of several turns are compared: kept in a container, or held from before."""
    names = _names_of(place, steps)
    kept = {
        container
        for each in body
        if overlap(each.loads, names) or spans(each.node, place)
        for container in each.collects
    }
    held = {  # `first = first or out`, `previous = out`
        name
        for each in body
        if isinstance(each.node, ast.Assign) and dotted(_core(each.node.value)) in names
        for name in each.stores
    }
    return container_compared(kept, steps) or any(
        any(dotted(_core(side)) in held for side in operands)
        and any(_is_result(side, place, names - held) for side in operands)
        for operands in comparisons(body)
    )


def container_compared(containers: set[str], steps: tuple[Step, ...]) -> bool:
    """Whether elements of a container are compared with each other, also by how many differ."""
    if not containers:
        return False
    elements = set(containers)
    for step in steps:
        for part in header(step.node)[1]:
            for each in ast.walk(part):
                if isinstance(each, ast.comprehension) and dotted(_core(each.iter)) in containers:
                    elements |= set(names_bound(each.target))
        if isinstance(step.node, ast.For) and dotted(_core(step.node.iter)) in containers:
            elements |= set(names_bound(step.node.target))
        if isinstance(step.node, ast.Assign) and dotted(step.node.value) in containers:
            elements |= step.stores
    for operands in comparisons(steps):
        if sum(dotted(_core(side)) in elements for side in operands) >= 2:
            return True
        if any(_is_count_of_set(side, elements) for side in operands):
            return True
    return False


def _is_count_of_set(node: ast.AST, containers: set[str]) -> bool:
    """``len(set(outcomes))``: how many of them differ."""
    if not (isinstance(node, ast.Call) and called(node.func) == "len" and node.args):
        return False
    inner = node.args[0]
    made = isinstance(inner, ast.SetComp) or (
        isinstance(inner, ast.Call) and called(inner.func) in ("set", "unique", "frozenset")
    )
    return made and overlap(names_read(inner), containers)
