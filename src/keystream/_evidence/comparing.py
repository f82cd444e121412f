"""Whether a program compares two results with each other: the operands are the results themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import combinations

from keystream._evidence.names import (
    Step,
    dotted,
    header,
    names_bound,
    names_read,
    overlap,
    step_of,
    steps_of,
)
from keystream._evidence.source import called, scope_of, spans, statement
from keystream._findings import Location

# Functions of NumPy, JAX, chex, unittest, Keras and Python that say whether two values are equal.
_EQUALITIES = frozenset(
    {"allclose", "array_equal", "array_equiv", "isclose", "tree_all", "equal", "almost_equal", "eq"}
)


# Functions of JAX, NumPy and Python that put the elements of an array in order, or take the foremost.
ORDERINGS = frozenset(
    {"argmax", "argmin", "argpartition", "argsort", "lexsort", "nanargmax", "nanargmin", "rankdata",
     "sort", "sorted", "top_k"}
)  # fmt: skip
_BEST = frozenset({"max", "min"})


ASSERTIONS = ("assert", "Assert")  # assert_array_equal, assertEqual, assert_trees_all_close


# Functions of Python and NumPy that give values in another form.
_FORMS = frozenset(
    {"asarray", "array", "float", "int", "list", "tuple", "device_get", "block_until_ready", "item",
     "tolist", "copy", "key_data", "sum", "mean", "ravel", "flatten", "leaves", "tree_leaves", "bool",
     "str", "tobytes", "bytes", "all", "any", "max", "min", "abs", "stack"}
)  # fmt: skip


_ASSERTED_ORDERS = frozenset(
    {"assertLess", "assertLessEqual", "assertGreater", "assertGreaterEqual", "assert_array_less"}
)
# Attributes that say nothing of an array's values, and assertions of chex and NumPy that say no more.
_OUTER = frozenset({"shape", "dtype", "ndim", "size", "nbytes", "itemsize", "sharding", "aval"})
_OTHER_ASSERTIONS = frozenset(
    {"assert_equal_shape", "assert_equal_size", "assert_equal_rank", "assert_array_less",
     "assert_trees_all_equal_shapes", "assert_trees_all_equal_dtypes", "assert_trees_all_equal_sizes",
     "assert_trees_all_equal_shapes_and_dtypes", "assert_trees_all_equal_structs",
     "assert_tree_shape_prefix", "assert_tree_same_structure"}
)  # fmt: skip


def compared(first: Location, second: Location, steps: tuple[Step, ...]) -> bool:
    """Whether the results of two calls are operands of one comparison.

    Args:
        first: the earlier call.
        second: the later one.
        steps: of their function.
    """
    for step in steps:
        for operands in comparisons((step,)):
            one, other = _names_at(step, first, steps), _names_at(step, second, steps)
            sides = [
                (_is_result(side, first, one), _is_result(side, second, other)) for side in operands
            ]
            for number, side in enumerate(sides):
                rest = sides[:number] + sides[number + 1 :]
                if side[0] and any(each[1] for each in rest):
                    return True
    return _asserted_equal(first, second, steps)


def _asserted_equal(first: Location, second: Location, steps: tuple[Step, ...]) -> bool:
    """Whether assertions of equality hold what is made of two results against each other.

    One assertion has the one on one side and the other on the other, or two have a common third:
    ``assert_allclose(gradient, one(key))`` and ``assert_allclose(two(key), x * gradient)``.
    """
    thirds: list[set[str]] = [set(), set()]
    places = (first, second)
    for step in filter(asserts_equal, steps):
        names = [_names_at(step, place, steps) for place in places]
        for operands in comparisons((step,)):
            terms = [list(_terms(each)) for each in operands]
            takes = [
                [any(_is_result(t, place, held) for t in side) for side in terms]
                for place, held in zip(places, names, strict=True)
            ]
            for number, side in enumerate(terms):
                rest = terms[:number] + terms[number + 1 :]
                if takes[0][number] and any(takes[1][:number] + takes[1][number + 1 :]):
                    return True
                beside = {dotted(term) for other in rest for term in other} - set(map(dotted, side))
                for of_place, found in zip(takes, thirds, strict=True):
                    found.update(beside if of_place[number] else ())
    return bool((thirds[0] & thirds[1]) - {""})


def _terms(node: ast.AST) -> Iterator[ast.AST]:
    """What a side of a comparison is computed from by arithmetic alone."""
    core = _core(node)
    if isinstance(core, ast.BinOp):
        yield from _terms(core.left)
        yield from _terms(core.right)
    else:
        yield core


def asserts_equal(step: Step) -> bool:
    """Whether a statement asserts that values are equal: it fails where independent draws differ."""
    match step.node:
        case ast.Assert(test=ast.Compare(ops=operators)):
            return all(isinstance(each, ast.Eq) for each in operators)
        case ast.Assert(test=ast.Call(func=function)):
            return called(function) in ("all", *_EQUALITIES)
        case ast.Expr(value=ast.Call(func=function)):
            name = called(function)
            return name.startswith(ASSERTIONS) and name not in _OTHER_ASSERTIONS
        case _:
            return False


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


def asserted_in_order(first: Location, second: Location) -> bool:
    """Whether an assertion holds a number of the one result below, or above, one of the other.

    ``assert b.var() < 0.3 * a.var()``: the claim is about two ways of computing, at the same draws.
    """
    scope = scope_of(first)
    if scope is None or scope is not scope_of(second):
        return False
    steps = steps_of(scope)
    for step in steps:
        for one, other in _ordered_sides(step.node):
            names = [_names_at(step, place, steps) for place in (first, second)]
            read = [set(names_read(side)) for side in (one, other)]
            meets = [[overlap(side, held) for held in names] for side in read]
            if meets in ([[True, False], [False, True]], [[False, True], [True, False]]):
                return True
    return False


def _ordered_sides(node: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The two sides of what a statement asserts by order."""
    match node:
        case ast.Assert(test=ast.Compare(left=left, ops=[operator], comparators=[right])):
            if isinstance(operator, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
                yield left, right
        case ast.Expr(value=ast.Call(func=function, args=[left, right, *_])):
            if called(function) in _ASSERTED_ORDERS:
                yield left, right
        case _:
            pass


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
        inner = bare(node)
        match inner:
            case ast.Subscript(value=inside):
                inner = inside
            case ast.Attribute(value=ast.Name()):
                pass
            case ast.Attribute(value=inside, attr=name) if name not in _OUTER:
                inner = inside
            case _:
                pass
        if inner is node:
            return node
        node = inner


def bare(node: ast.AST) -> ast.AST:
    """An expression without functions around it that give its values in another form, or a sum."""
    while True:
        if isinstance(node, ast.Call) and called(node.func) in _FORMS:
            if node.args:
                node = node.args[0]
            elif isinstance(node.func, ast.Attribute):
                node = node.func.value
            else:
                return node
        elif isinstance(node, (ast.UnaryOp, ast.Starred, ast.Await)):
            node = node.operand if isinstance(node, ast.UnaryOp) else node.value
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
                elif name in ("map", "tree_map") and any(map(_compares, node.args[:1])):
                    yield list(node.args[1:])


def _compares(function: ast.expr) -> bool:
    """Whether a function that is mapped over two trees says whether their leaves are equal."""
    if not isinstance(function, ast.Lambda):
        return _says_equal(called(function))
    names = {each.arg for each in function.args.args}
    compared = comparisons((step_of(ast.Expr(function.body)),))
    return any(names <= set(map(dotted, map(_core, operands))) for operands in compared)


def _says_equal(name: str) -> bool:
    """Whether a function says, or asserts, that values are equal."""
    asserts = name.startswith(ASSERTIONS) and name not in _OTHER_ASSERTIONS
    return asserts or name in _EQUALITIES


def is_kept(node: ast.AST | None) -> bool:
    """Whether a statement puts what it computes into a container, as the result of a turn."""
    if not isinstance(node, ast.stmt):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else []
    return bool(step_of(node).collects) or any(isinstance(each, ast.Subscript) for each in targets)


def kept_in(place: Location, body: list[Step]) -> set[str]:
    """The containers in which the turns of a loop keep the result of the call at a place."""
    names = _names_of(place, tuple(body))
    return {
        container
        for each in body
        if overlap(each.loads, names) or spans(each.node, place)
        for container in each.collects
    }


def turns_compared(place: Location, body: list[Step], steps: tuple[Step, ...]) -> bool:
    """Whether results of several turns are compared: kept in a container, or held from before."""
    names = _names_of(place, steps)
    held = {  # `first = first or out`, `previous = out`
        name
        for each in body
        if isinstance(each.node, ast.Assign) and dotted(_core(each.node.value)) in names
        for name in each.stores
    }
    return container_compared(kept_in(place, body), steps) or any(
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


def container_ordered(containers: set[str], steps: tuple[Step, ...]) -> bool:
    """Whether the elements of a container are put in order, or the best of them is taken."""
    held = set(containers)
    for step in steps:
        bound = isinstance(step.node, ast.Assign) and dotted(_core(step.node.value)) in held
        held |= step.stores if bound else set()
        for part in header(step.node)[1]:
            for each in ast.walk(part):
                if not isinstance(each, ast.Call) or called(each.func) not in ORDERINGS | _BEST:
                    continue
                given = [*each.args[:1]]
                given += [each.func.value] if isinstance(each.func, ast.Attribute) else []
                if any(dotted(_core(_items(one))) in held for one in given):
                    return True
    return False


def container_contrasted(containers: set[str], steps: tuple[Step, ...]) -> bool:
    """Whether elements of a container are subtracted from, or ordered against, each other."""
    elements = set(containers)
    for step in steps:
        for part in header(step.node)[1]:
            for each in ast.walk(part):
                if isinstance(each, ast.comprehension) and overlap(names_read(each.iter), elements):
                    elements |= set(names_bound(each.target))
        if isinstance(step.node, ast.For) and overlap(step.loads, elements):
            elements |= set(names_bound(step.node.target))
        if isinstance(step.node, ast.Assign) and dotted(_core(step.node.value)) in elements:
            elements |= step.stores
        for left, right in contrasts_in(step):
            both = overlap(names_read(left), elements) and overlap(names_read(right), elements)
            if both and ast.dump(left) != ast.dump(right):
                return True
    return False


def contrasts_in(step: Step) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What a statement subtracts, or orders: both sides of each.

    Of a difference of higher order, as ``up - 2 * middle + down``, any two terms.
    """
    for part in header(step.node)[1]:
        for node in ast.walk(part):
            match node:
                case ast.BinOp(op=ast.Add() | ast.Sub()):
                    if isinstance(node.op, ast.Sub):
                        yield node.left, node.right
                    terms = list(_scaled_terms(node, 1.0))
                    if len(terms) > 2 and not sum(factor for factor, _ in terms):
                        yield from combinations([term for _, term in terms], 2)
                case ast.Compare(comparators=[right]):
                    yield node.left, right
                case _:
                    pass


def _scaled_terms(node: ast.expr, factor: float) -> Iterator[tuple[float, ast.expr]]:
    """The terms of a sum, each with the number that it is multiplied by."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as operator, right=right):
            yield from _scaled_terms(left, factor)
            yield from _scaled_terms(right, -factor if isinstance(operator, ast.Sub) else factor)
        case ast.BinOp(left=ast.Constant(value=int() | float() as by), op=ast.Mult(), right=core):
            yield factor * by, core
        case _:
            yield factor, node


def _items(node: ast.expr) -> ast.expr:
    """A dictionary, of its items or values."""
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr="items" | "values"), args=[]):
            return owner
        case _:
            return node


def _is_count_of_set(node: ast.AST, containers: set[str]) -> bool:
    """``len(set(outcomes))``: how many of them differ."""
    if not (isinstance(node, ast.Call) and called(node.func) == "len" and node.args):
        return False
    inner = node.args[0]
    made = isinstance(inner, ast.SetComp) or (
        isinstance(inner, ast.Call) and called(inner.func) in ("set", "unique", "frozenset")
    )
    return made and overlap(names_read(inner), containers)
