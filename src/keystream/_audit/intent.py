"""What the source around a line says of the author's intent: loops, comparisons, what is discarded."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from keystream._findings import Location
from keystream._source.words import SWEPT, comment_says_meant

_EVALUATION = re.compile(
    r"(^|_)(eval|evaluate|evaluation|evals|validate|validation|val|valid|test|testing|predict|"
    r"prediction|inference|infer|accuracy|score|acc|metric|metrics)(_|$|\d)"
)
_ON_PURPOSE = re.compile(
    r"(^|_)(mc|monte|sample|samples|sampling|uncertainty|ensemble|posterior|bayes|bayesian|stochastic|"
    r"predictive|epistemic|noisy)(_|$|\d)"
)
_RESUME = re.compile(r"restore|resume|checkpoint|ckpt|load|preempt|restart|continue_from")
_SHOWN = re.compile(r"(^|_)(preview|plot|visuali[sz]e|show)(s?)(_|$|\d)")
_RESTORES = re.compile(r"^update$|restore|load|deserialise|deserialize|from_bytes|from_state_dict")
_EQUALITY = re.compile(
    r"(^|_)(allclose|array_equal|array_equiv|assert_\w+|isclose|tree_all|equal)$"
)


@lru_cache(maxsize=256)
def parsed(path: str) -> ast.Module | None:
    """The syntax tree of a file with links to parents; None where it can't be read."""
    try:
        tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
    return tree


def _spans(node: ast.stmt | ast.expr, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


@lru_cache(maxsize=8192)
def statement(path: str, line: int) -> ast.stmt | None:
    """The innermost statement that a line belongs to."""
    tree = parsed(path)
    best: ast.stmt | None = None
    if tree is None:
        return None
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or not _spans(node, line):
            continue
        if best is None or node.lineno >= best.lineno:
            best = node
    return best


def enclosing(node: ast.AST | None, *kinds: type[ast.AST]) -> ast.AST | None:
    """The nearest node around `node` of one of the kinds."""
    node = getattr(node, "parent", None)
    while node is not None and not isinstance(node, kinds):
        node = getattr(node, "parent", None)
    return node


def function_of(node: ast.AST | None) -> ast.AST | None:
    """The function or module around a node."""
    return enclosing(node, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Module)


def loop_at(place: Location) -> ast.For | ast.While | ast.comprehension | None:
    """The innermost loop or comprehension around a line, within its function."""
    node: ast.AST | None = statement(place.path, place.line)
    if node is None:
        return None
    for inner in ast.walk(node):
        spans = getattr(inner, "lineno", 0) <= place.line <= (getattr(inner, "end_lineno", 0) or 0)
        if spans and isinstance(inner, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            return inner.generators[0]
    child: ast.AST = node
    node = getattr(node, "parent", None)
    while node is not None and not isinstance(
        node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    ):
        if isinstance(node, (ast.For, ast.While)) and child in node.body:
            return node
        child, node = node, getattr(node, "parent", None)
    return None


def sweeps(place: Location) -> bool:
    """Whether the line stands in a loop over settings, and hands the setting on.

    A loop over ``range`` or ``enumerate`` counts members or steps; a loop over written-out settings, or
    a table of them, runs one experiment under each.
    """
    loop = loop_at(place)
    if not isinstance(loop, (ast.For, ast.comprehension)):
        return False
    if isinstance(loop.iter, ast.Call) and _name(loop.iter.func) in (
        "range",
        "enumerate",
        "arange",
        "tqdm",
        "trange",
    ):
        return False
    targets = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    line = statement(place.path, place.line)
    used = {node.id for node in ast.walk(line) if isinstance(node, ast.Name)} if line else set()
    return bool(targets & used)


def sweeps_in_batch(stack: tuple[Location, ...]) -> bool:
    """Whether the innermost ``vmap`` on the way to a draw runs over parameters or times alone.

    Their members are compared on equal draws, or are points of one random path.
    """
    for place in stack:
        batches = [names for call in _batches(place.path) if (names := _batched(call, place))]
        if batches:
            return any(all(map(SWEPT.search, names)) for names in batches)
    return False


@lru_cache(maxsize=256)
def _batches(path: str) -> tuple[ast.Call, ...]:
    """The calls of ``vmap`` in a file."""
    tree = parsed(path)
    return tuple(
        node
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, ast.Call) and node.args and _name(node.func) in ("vmap", "filter_vmap")
    )


def _batched(call: ast.Call, place: Location) -> list[str]:
    """The parameters over which a ``vmap`` runs the function that a frame is in; empty for another."""
    function = call.args[0]
    name = place.function.rsplit(".", 1)[-1]
    if isinstance(function, ast.Lambda):
        if name != "<lambda>" or not _spans(function, place.line):
            return []
        arguments = function.args
    else:
        scope = function_of(statement(place.path, place.line))
        if _name(function) != name or not isinstance(scope, ast.FunctionDef) or scope.name != name:
            return []
        arguments = scope.args
    names = [argument.arg for argument in arguments.args if argument.arg not in ("self", "cls")]
    axes = next((option.value for option in call.keywords if option.arg == "in_axes"), None)
    if isinstance(axes, ast.Tuple):
        whole = [isinstance(axis, ast.Constant) and axis.value is None for axis in axes.elts]
        names = [name for name, shared in zip(names, whole, strict=False) if not shared]
    return names


def says_meant(places: Iterable[Location]) -> bool:
    """Whether a comment at a line, or above its function, says that equal draws are wanted."""
    for place in places:
        lines = linecache.getlines(place.path)
        scope = function_of(statement(place.path, place.line))
        above = scope.lineno if isinstance(scope, ast.FunctionDef) else 0
        if comment_says_meant(lines, place.line) or comment_says_meant(lines, above):
            return True
    return False


def overwritten(place: Location) -> bool:
    """Whether what a line makes gets a saved state in the next statements: a run that is resumed."""
    node, names = statement(place.path, place.line), assigned(place)
    body = getattr(getattr(node, "parent", None), "body", ())
    if node is None or node not in body or not names:
        return False
    number = body.index(node)
    for following in body[number + 1 : number + 4]:
        for call in ast.walk(following):
            if isinstance(call, ast.Call) and _RESTORES.search(_name(call.func)):
                given = {part.id for part in ast.walk(call) if isinstance(part, ast.Name)}
                if given & names:
                    return True
    return False


def discards(place: Location) -> bool:
    """Whether the result of the call on this line is thrown away: a warm-up, or a check that it runs."""
    node = statement(place.path, place.line)
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Name) and target.id == "_" for target in node.targets)
    if not isinstance(node, ast.Expr):
        return False
    value = node.value
    while isinstance(value, ast.Call):
        if _name(value.func) != "block_until_ready":
            return not value.args or _is_plain_call(value)
        value = (
            value.func.value
            if isinstance(value.func, ast.Attribute) and not value.args
            else value.args[0]
        )
        if isinstance(value, ast.Call):
            return True
    return False


def _is_plain_call(call: ast.Call) -> bool:
    """A call of a name, such as ``step(w, key)``; a method may keep what it was given."""
    inner = any(isinstance(node, ast.Call) for arg in call.args for node in ast.walk(arg))
    return isinstance(call.func, ast.Name) and call.func.id not in ("print", "exec") and not inner


def assigned(place: Location) -> frozenset[str]:
    """The names that the statement on this line binds."""
    node = statement(place.path, place.line)
    targets: list[ast.AST] = []
    if isinstance(node, ast.Assign):
        targets = list(node.targets)
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        targets = [node.target]
    return frozenset(
        name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
    )


def compared(first: Location, second: Location) -> bool:
    """Whether two lines' results are checked for equality: then the key was repeated on purpose."""
    if first.path != second.path:
        return False
    one, two = statement(first.path, first.line), statement(second.path, second.line)
    if one is None or two is None:
        return False
    if one is two:
        return _is_equality(one)
    mine, others = assigned(first), assigned(second)
    scope = function_of(one)
    if scope is None:
        return False
    around = [
        node for node in ast.walk(scope) if isinstance(node, (ast.Assert, ast.Compare, ast.Call))
    ]
    for node in around:
        if not _is_equality(node):
            continue
        names = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if (names & mine or first.line in lines) and (names & others or second.line in lines):
            return True
    return False


def collected_and_compared(place: Location) -> bool:
    """Whether a loop collects results of this line, and two of them are then checked for equality."""
    node: ast.AST | None = statement(place.path, place.line)
    scope = function_of(node) if node is not None else None
    while node is not None and scope is not None and node is not scope:
        if isinstance(node, (ast.For, ast.While)):
            kept = _bound_in(node)
            for each in ast.walk(scope):
                if isinstance(each, ast.Compare) and _is_equality(each):
                    sides = [_subscripted(side) for side in (each.left, *each.comparators)]
                    if all(side & kept for side in sides):
                        return True
        node = getattr(node, "parent", None)
    return False


def _bound_in(loop: ast.AST) -> set[str]:
    """The names to which a loop appends, or that it assigns items of."""
    appended = {
        node.func.value.id
        for node in ast.walk(loop)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "append"
        and isinstance(node.func.value, ast.Name)
    }
    return appended | {
        node.value.id
        for node in ast.walk(loop)
        if isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
    }


def _subscripted(node: ast.AST) -> set[str]:
    return {
        each.value.id
        for each in ast.walk(node)
        if isinstance(each, ast.Subscript) and isinstance(each.value, ast.Name)
    }


def chosen_seed(maker: Location, callers: tuple[Location, ...]) -> bool:
    """Whether several calls hand one seed to the function that makes the key, and differ otherwise.

    Args:
        maker: the line that makes the key of the seed.
        callers: the lines that call its function.
    """
    node = statement(maker.path, maker.line)
    scope = function_of(node)
    if node is None or not isinstance(scope, ast.FunctionDef):
        return False
    parameters = {argument.arg for argument in (*scope.args.args, *scope.args.kwonlyargs)}
    if not {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} & parameters:
        return False
    calls = {
        ast.unparse(call)
        for place in callers
        for call in ast.walk(statement(place.path, place.line) or ast.Module([], []))
        if isinstance(call, ast.Call) and _name(call.func) == scope.name and call.args
    }
    return len(calls) > 1


def _is_equality(node: ast.AST) -> bool:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and _EQUALITY.search(_name(inner.func)):
            return True
        if isinstance(inner, ast.Compare) and any(
            isinstance(op, (ast.Eq, ast.Is)) for op in inner.ops
        ):
            return isinstance(node, (ast.Assert, ast.Compare, ast.Call, ast.stmt))
    return False


def evaluates(stack: tuple[Location, ...]) -> Location | None:
    """The frame of a stack that says, by its names, that it evaluates a model; None where none does."""
    for place in stack:
        words = [place.function.rsplit(".", 1)[-1], *assigned(place)]
        if any(_ON_PURPOSE.search(word.lower()) for word in words):
            return None
    for place in stack:
        words = [place.function.rsplit(".", 1)[-1], *assigned(place)]
        if any(_EVALUATION.search(word.lower()) for word in words):
            return place
    return None


def shows(stack: tuple[Location, ...]) -> bool:
    """Whether a frame's names say that what is drawn is looked at, each time with one key."""
    words = [
        word for place in stack for word in (place.function.rsplit(".", 1)[-1], *assigned(place))
    ]
    return any(_SHOWN.search(word.lower()) for word in words)


def resumes(place: Location) -> bool:
    """Whether the function around a line restores or resumes, by its words."""
    tree = statement(place.path, place.line)
    scope = function_of(tree) if tree is not None else None
    if scope is None or isinstance(scope, ast.Module):
        return False
    words = {node.attr for node in ast.walk(scope) if isinstance(node, ast.Attribute)}
    words |= {node.id for node in ast.walk(scope) if isinstance(node, ast.Name)}
    words |= {node.arg for node in ast.walk(scope) if isinstance(node, ast.arg)}
    return any(_RESUME.search(word.lower()) for word in words)


def argument(place: Location, name: str) -> Location:
    """The line of a keyword argument in the call at `place`; the place itself where there is none."""
    node = statement(place.path, place.line)
    for inner in ast.walk(node) if node is not None else ():
        if isinstance(inner, ast.keyword) and inner.arg == name:
            return replace(place, line=inner.lineno, column=inner.col_offset + 1)
    return place


def text(place: Location) -> str:
    """The line's statement as source, on one line."""
    node = statement(place.path, place.line)
    return " ".join(ast.unparse(node).split()) if node is not None else ""


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
