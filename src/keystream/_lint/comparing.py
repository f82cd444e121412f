"""Whether a program compares two results with each other, as its source says."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from keystream._lint.dataflow import THROUGH, last_of, name_of
from keystream._lint.facts import Site
from keystream._lint.walking import kept, walk

_COMPARISONS = frozenset(
    [
        "allclose",
        "array_equal",
        "array_equiv",
        "assert_allclose",
        "assert_almost_equal",
        "assert_array_almost_equal",
        "assert_array_equal",
        "assert_array_less",
        "assert_equal",
        "assert_trees_all_close",
        "assert_trees_all_equal",
        "assertAllClose",
        "assertArraysAllClose",
        "assertArraysEqual",
        "assertEqual",
        "assertNotEqual",
        "equal",
        "isclose",
        "not_equal",
        "tree_equal",
    ]
)  # functions of NumPy, JAX, Chex, Equinox and unittest that compare their first two arguments


def are_compared(first: Site, second: Site) -> bool:
    """Whether the two results are the operands of one comparison, or of two with a common third.

    The third is a result of the same function.
    """
    if first.around is None:
        return False
    one, other = result_of(first), result_of(second)
    pairs = _pairs(first.around)
    with_one, with_other = _beside(one, pairs), _beside(other, pairs)
    if not with_one or not with_other:
        return False
    if any(is_result(operand, other) for operand in with_one):
        return True
    names = {operand.id for operand in with_one if isinstance(operand, ast.Name)}
    names &= {operand.id for operand in with_other if isinstance(operand, ast.Name)}
    return bool(names) and any(
        isinstance(part, ast.Assign)
        and names & set(map(name_of, part.targets))
        and _called(part.value) in (_called(first.node), _called(second.node))
        for part in walk(first.around)
    )


def _called(node: ast.AST) -> str | None:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else None


def _beside(result: Result, pairs: list[tuple[ast.AST, ast.AST]]) -> list[ast.AST]:
    """What a result is compared with."""
    return [right for left, right in pairs if is_result(left, result)] + [
        left for left, right in pairs if is_result(right, result)
    ]


Result = tuple[ast.AST, frozenset[str]]


def result_of(site: Site) -> Result:
    """What a call's value is: the call itself, or the names that it is bound to, whole or in parts."""
    statement = site.statement
    if isinstance(statement, ast.Assign):
        target, value = statement.targets[0], statement.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = zip(target.elts, value.elts, strict=False)
            names = {name_of(one) for one, other in pairs if other is site.node}
            return site.node, frozenset(names - {"", "_"})
        if value is site.node and isinstance(target, ast.Tuple | ast.List):
            names = {part.id for part in target.elts if isinstance(part, ast.Name)}
            return site.node, frozenset(names - {"_"})
    return site.node, frozenset({site.target} if site.target.isidentifier() else ())


def is_result(operand: ast.AST, result: Result) -> bool:
    node, names = result
    while operand is not node and isinstance(operand, ast.Call | ast.Attribute | ast.Subscript):
        inner = operand.func if isinstance(operand, ast.Call) else operand
        if isinstance(inner, ast.Subscript):
            operand = inner.value  # an element of it
            continue
        if last_of(inner) not in THROUGH or not isinstance(inner, ast.Attribute):
            break
        operand = inner.value
    return operand is node or (isinstance(operand, ast.Name) and operand.id in names)


@kept
def _pairs(around: ast.AST) -> list[tuple[ast.AST, ast.AST]]:
    """What is compared within a function."""
    return list(_compared(around))


def _compared(around: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    for part in walk(around):
        if isinstance(part, ast.Compare) and len(part.comparators) == 1:
            yield part.left, part.comparators[0]
        elif isinstance(part, ast.Call) and len(part.args) >= 2:
            if last_of(part.func) in _COMPARISONS:
                yield part.args[0], part.args[1]
            elif len(part.args) == 3 and _compares_leaves(part):
                yield part.args[1], part.args[2]


def _compares_leaves(call: ast.Call) -> bool:
    """Whether a call maps a comparison over two trees."""
    if last_of(call.func) not in ("map", "tree_map", "tree_multimap"):
        return False
    function = call.args[0]
    if isinstance(function, ast.Lambda):
        names = [parameter.arg for parameter in function.args.args]
        return any(
            {name_of(left), name_of(right)} == set(names[:2])
            for left, right in _pairs(function.body)
        )
    return last_of(function) in _COMPARISONS
