"""Excuses for a repeated use of a key that source proves: a closed list, none of them a matter of words.

Each asks for a structure of the program; none looks at how the user calls a thing. What is excused is
kept with its reason. Some reasons make a finding a note, others leave it out.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from keystream._evidence.paired import Paired
from keystream._lint.comparing import Result, are_compared, is_result, result_of
from keystream._lint.dataflow import (
    Flow,
    feeds_back,
    flow_of,
    given_to,
    last_of,
    loads_in,
    name_of,
    reads,
)
from keystream._lint.facts import Repeat, Site, Turn, Use
from keystream._lint.paired import is_ranked, paired, paired_in_turns
from keystream._lint.unread import is_discarded, is_overwritten, is_unread, only_reaches_init
from keystream._lint.walking import kept, walk

_CHOICES = frozenset(["where", "select", "select_n"])  # take one of their later arguments
_SPACES = frozenset(["linspace", "logspace", "geomspace", "array", "asarray"])
_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.Module
_PERMUTATIONS = frozenset(["jax.random.permutation", "jax.random.shuffle"])


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why a repeated use is no mistake, or a harmless one.

    Attributes:
        reason: of the closed list.
        shown: whether it is still told, as a note.
        why: a sentence for the note.
    """

    reason: str
    shown: bool = False
    why: str = ""


COMPARED = Excuse("compared with each other")
UNUSED = Excuse("one of the two results is unused")
ALTERNATIVES = Excuse("alternatives of which one is taken")
SHUFFLED = Excuse("one joint shuffle")
COPIED = Excuse("one model initialised twice alike")
INITIAL = Excuse("the draws of an initialisation are thrown away")
FIXED = Excuse(
    "one fixed key for a changing model",
    shown=True,
    why="nothing but what the loop trains differs from turn to turn and the result is not fed back, so "
    "the fixed draws make the turns comparable; they do not average out over the turns",
)
SWEPT = Excuse(
    "a sweep over settings",
    shown=True,
    why="each run of a sweep over written-out settings begins from the same key, so the runs differ in "
    "nothing but the setting",
)
MEANT = {
    each: Excuse(each.name.lower(), shown=True, why=f"{each.value}, so it seems meant")
    for each in Paired
}
DECLARED = Excuse(
    "runs of inference from one declared seed",
    shown=True,
    why="each run of an inference begins from a seed that is written at its call; the runs repeat each "
    "other's numbers, which matters where their results are combined",
)


def excuse(repeat: Repeat, *, declared: bool = False) -> Excuse | None:
    """The excuse of a repeated use, or None.

    Args:
        repeat: the two uses.
        declared: whether each turn makes its key of one seed, which says where a run begins.
    """
    if _is_joint_shuffle(repeat):
        return SHUFFLED
    if repeat.turn is not None:
        found = _in_loop(repeat, repeat.turn, declared=declared)
        found = found or _meant(paired_in_turns(repeat))
        return found or (FIXED if _watches(repeat.second, repeat.level) else None)
    found = _in_line(repeat, declared=declared)
    watch = _watches(repeat.first, repeat.level) and _watches(repeat.second, repeat.level)
    return found or (FIXED if watch else None)


# Runs of a whole model, which nobody takes for single draws.
INFERENCES = frozenset(["MCMC.run", "MCMC.warmup", "SVI.run", "SVI.init", "Predictive"])

# Two places.


def _in_line(repeat: Repeat, *, declared: bool) -> Excuse | None:
    first, second = repeat.earlier, repeat.site
    if repeat.first.discarded != repeat.second.discarded:
        return INITIAL
    if declared and _are_runs_of_one_seed(repeat):
        return SWEPT
    if _are_two_fits(repeat):
        return DECLARED
    if is_discarded(first) or is_unread(first) or is_unread(second):
        return UNUSED
    if only_reaches_init(first) or only_reaches_init(second):
        return INITIAL
    if repeat.second.kind == "split" and is_overwritten(first, second):
        return UNUSED
    whole = len(repeat.second.chain) > repeat.level + 1 or repeat.second.name in INFERENCES
    if are_compared(first, second):
        return COMPARED
    if _are_alternatives(first, second):
        return ALTERNATIVES
    return _meant(paired(repeat, one_key=not declared)) if whole else None


def _meant(found: Paired | None) -> Excuse | None:
    return MEANT[found] if found is not None else None


def _are_two_fits(repeat: Repeat) -> bool:
    """Whether two inferences of one kind, told apart by what they are given, begin from one key."""
    names = {repeat.first.name, repeat.second.name}
    nodes = {ast.dump(site.node) for site in (repeat.earlier, repeat.site)}
    return names <= INFERENCES - {"Predictive"} and len(names) == 1 and len(nodes) > 1


def _are_runs_of_one_seed(repeat: Repeat) -> bool:
    """Whether one function is called twice with one seed, and with something else that differs."""
    seeds = [site for kind, site in repeat.routes if kind == "seed"]
    if repeat.site.callee is None or repeat.site.callee is not repeat.earlier.callee or not seeds:
        return False
    said = seeds[-1].node.args[:1] if isinstance(seeds[-1].node, ast.Call) else []
    body = seeds[-1].around
    parameters = {p.arg for p in walk(body) if isinstance(p, ast.arg)} if body else set[str]()
    calls = [ast.unparse(site.node) for site in (repeat.earlier, repeat.site)]
    return bool(said) and bool(reads(said[0]) & parameters) and calls[0] != calls[1]


def _are_alternatives(first: Site, second: Site) -> bool:
    """Whether the two results only meet as alternatives of a `where` or `select`."""
    if first.around is None:
        return False
    one, other = result_of(first), result_of(second)
    met: list[list[ast.expr]] = []
    for choice in _choices(first.around):
        sides = choice.args[1:]
        holding = [[side for side in sides if _holds(side, result)] for result in (one, other)]
        if all(len(found) == 1 for found in holding) and holding[0] != holding[1]:
            met.append([holding[0][0], holding[1][0]])
    return bool(met) and _only_in(first, one, met, 0) and _only_in(second, other, met, 1)


@kept
def _choices(around: ast.AST) -> list[ast.Call]:
    """The calls within a function that choose one of two arrays."""
    return [
        part
        for part in walk(around)
        if isinstance(part, ast.Call) and last_of(part.func) in _CHOICES and len(part.args) >= 3
    ]


def _holds(side: ast.AST, result: Result) -> bool:
    return any(part is result[0] or is_result(part, result) for part in walk(side))


def _only_in(site: Site, result: Result, met: list[list[ast.expr]], index: int) -> bool:
    """Whether a result is read nowhere but in its alternatives."""
    inside = {id(part) for sides in met for part in walk(sides[index])}
    if not result[1] or site.around is None or id(result[0]) in inside:
        return True
    loads = loads_in(site.around)
    return all(id(load) in inside for name in result[1] for load in loads.get(name, []))


def _is_joint_shuffle(repeat: Repeat) -> bool:
    """Whether equal permutations go over the leaves of one tree, or over several arrays."""
    first, second = repeat.first, repeat.second
    if first.name not in _PERMUTATIONS or second.name not in _PERMUTATIONS:
        return False
    if repeat.turn is not None:
        return repeat.turn.kind == "tree_map" or _permutes_each(repeat.turn.node, second)
    what = [_permuted(use.chain[-1].node) for use in (first, second)]
    return all(what) and what[0] != what[1]


def _permutes_each(loop: ast.AST, use: Use) -> bool:
    """Whether a loop goes over arrays that stand beside each other, and permutes each."""
    if not isinstance(loop, ast.comprehension | ast.For):
        return False
    over = loop.iter
    items = isinstance(over, ast.Call) and last_of(over.func) in ("items", "values")
    beside = isinstance(loop, ast.comprehension) or isinstance(over, ast.Tuple | ast.List) or items
    node = use.chain[-1].node
    if not beside or not isinstance(node, ast.Call) or len(node.args) < 2:
        return False
    each = {part.id for part in walk(loop.target) if isinstance(part, ast.Name)}
    return bool(reads(node.args[1]) & each) and not reads(node.args[0]) & each


def _permuted(node: ast.AST) -> str:
    """The array that is permuted, as text; empty for a number, whose permutation is an index."""
    value = node.args[1] if isinstance(node, ast.Call) and len(node.args) > 1 else None
    if isinstance(value, ast.Name | ast.Attribute | ast.Subscript):
        return ast.unparse(value)
    return ""


# Turns of a loop.


def _in_loop(repeat: Repeat, turn: Turn, *, declared: bool) -> Excuse | None:
    loop, site = turn.node, repeat.site
    if not isinstance(loop, ast.For | ast.AsyncFor | ast.While | ast.comprehension):
        return None
    direct = len(repeat.second.chain) <= repeat.level + 1 and repeat.second.name not in INFERENCES
    if direct and repeat.second.kind not in ("apply", "handed", "kept"):
        return None  # a draw in the loop itself: its numbers are those of every turn
    flow = flow_of(loop)
    if feeds_back(flow, site.node, site.statement):
        return None
    varying = flow.sources(_given(flow, site.node))
    if varying & flow.targets:
        if is_ranked(loop, site):
            return MEANT[Paired.ORDERED]
        run = any(inner.turns for inner in repeat.second.chain[repeat.level + 1 :]) or _runs(site)
        run = run or repeat.second.name in INFERENCES
        if declared and run:
            return SWEPT
        run = run or declared
        return SWEPT if _is_sweep(loop, flow, varying, site, run=run) else None
    if _is_in_run(loop, site) and not flow.carried and is_written_out(_over(loop), site.around):
        return SWEPT
    return FIXED if _looks_again(loop, flow, varying) else None


def _over(loop: ast.AST) -> ast.AST | None:
    return getattr(loop, "iter", None)


def _is_in_run(loop: ast.AST, site: Site) -> bool:
    """Whether a call stands in a loop within the loop, or is what such a loop goes over."""
    inner = [
        each for each in walk(loop) if isinstance(each, ast.For | ast.While) and each is not loop
    ]
    around = [turn.node for turn in site.turns]
    return any(each is site.statement or any(each is one for one in around) for each in inner)


def _watches(use: Use, level: int) -> bool:
    """Whether a loop in a call looks, with the one key, at what it trains: an evaluation in a run."""
    for site in use.chain[level + 1 :]:
        for turn in site.turns:
            if not isinstance(turn.node, ast.For | ast.AsyncFor | ast.While):
                continue
            flow = flow_of(turn.node)
            if feeds_back(flow, site.node, site.statement):
                continue
            if _looks_again(turn.node, flow, flow.sources(_given(flow, site.node))):
                return True
    return False


def _given(flow: Flow, call: ast.AST) -> set[str]:
    """What a call is given, the attributes that the loop sets of an object among it."""
    given = given_to(call)
    return given | {name for name in flow.carried if name.partition(".")[0] in given}


def _looks_again(loop: ast.AST, flow: Flow, varying: set[str]) -> bool:
    """Whether what varies in a call is nothing but what its loop carries from turn to turn."""
    changing = varying & flow.carried and not varying & flow.targets
    return bool(changing) and not _takes_next(loop, varying)


def _runs(site: Site) -> bool:
    """Whether a function that is called carries a state through a loop of its own: a whole run."""
    body = site.callee
    if not isinstance(body, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    loops = (part for part in walk(body) if isinstance(part, ast.For | ast.While))
    return any(flow_of(loop).carried for loop in loops)


def _is_sweep(loop: ast.AST, flow: Flow, varying: set[str], site: Site, *, run: bool) -> bool:
    """Whether a loop goes over settings that stand in source, and hands no state on.

    Args:
        loop: the loop.
        flow: of the loop.
        varying: what the call's arguments are computed from.
        site: the call.
        run: whether the call is seen to be a whole run. Then whole numbers and texts are settings too;
            else they may be the sizes and names of layers, which need keys of their own.
    """
    if varying & flow.carried:
        return False
    return _is_written_out(getattr(loop, "iter", None), site.around, whole=run)


def is_written_out(iterable: ast.AST | None, around: ast.AST | None) -> bool:
    """Whether an iterable is a display of settings: numbers, texts, functions and tuples of these."""
    return _is_written_out(iterable, around, whole=True)


def _is_written_out(
    iterable: ast.AST | None, around: ast.AST | None, *, whole: bool, depth: int = 0
) -> bool:
    match iterable:
        case ast.Tuple() | ast.List() | ast.Set():
            elements = iterable.elts
            return len(elements) > 1 and all(
                _is_setting(element, whole=whole) for element in elements
            )
        case ast.Dict():
            values = iterable.values
            return len(values) > 1 and all(_is_setting(value, whole=whole) for value in values)
        case ast.Call():
            return _is_call_written_out(iterable, around, whole=whole, depth=depth)
        case ast.Name() if around is not None and depth < 3:
            bound = [
                part.value
                for part in walk(around)
                if isinstance(part, ast.Assign)
                and any(name_of(target) == iterable.id for target in part.targets)
            ]
            return len(bound) == 1 and _is_written_out(
                bound[0], around, whole=whole, depth=depth + 1
            )
        case _:
            return False


def _is_call_written_out(
    call: ast.Call, around: ast.AST | None, *, whole: bool, depth: int
) -> bool:
    name = last_of(call.func)
    if name in _SPACES:
        return name.endswith("space") or _is_written_out(
            call.args[0] if call.args else None, around, whole=whole, depth=depth
        )
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    parts = {"items": [owner], "keys": [owner], "values": [owner], "enumerate": call.args[:1]}
    over = call.args if name in ("zip", "product") else parts.get(name, [])
    return bool(over) and all(
        _is_written_out(part, around, whole=whole, depth=depth) for part in over
    )


def _is_setting(element: ast.expr, *, whole: bool) -> bool:
    match element:
        case ast.Constant():
            return whole or isinstance(element.value, float | bool)
        case ast.Attribute() | ast.Lambda():
            return True
        case ast.UnaryOp():
            return _is_setting(element.operand, whole=whole)
        case ast.Tuple() | ast.List():
            parts = [_is_setting(part, whole=True) for part in element.elts]
            chosen = [part for part in element.elts if _is_setting(part, whole=whole)]
            return bool(parts) and all(parts) and bool(chosen)
        case ast.Dict():
            return True
        case ast.BinOp():
            return all(_is_setting(side, whole=whole) for side in (element.left, element.right))
        case ast.Call():
            given = [*element.args, *(keyword.value for keyword in element.keywords)]
            return bool(given) and all(_is_setting(part, whole=True) for part in given)
        case _:
            return False


def _takes_next(loop: ast.AST, varying: set[str]) -> bool:
    """Whether something given is taken from an iterator in each turn, as data are."""
    for part in walk(loop):
        if isinstance(part, ast.Assign) and reads(part.value) and isinstance(part.value, ast.Call):
            targets = {name_of(target) for target in part.targets}
            if targets & varying and last_of(part.value.func) in ("next", "__next__"):
                return True
    return False
