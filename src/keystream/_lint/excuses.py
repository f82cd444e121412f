"""Excuses for a repeated use of a key that source proves: a closed list, none of them a matter of words.

Each asks for a structure of the program; none looks at how the user calls a thing. What is excused is
kept with its reason. Some reasons make a finding a note, others leave it out.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from keystream._evidence import flow, loops, shuffling
from keystream._evidence.cancelling import cancels
from keystream._evidence.figures import EVALUATES, measured_in_turn
from keystream._evidence.paired import Paired, is_bound_between
from keystream._evidence.settings import written_out
from keystream._evidence.uses import Stack
from keystream._evidence.watching import watches_object
from keystream._lint.dataflow import THROUGH, last_of, loads_in, name_of, reads
from keystream._lint.facts import Repeat, Site, Turn, Use
from keystream._lint.paired import paired, paired_in_turns
from keystream._lint.unread import is_overwritten, only_reaches_init
from keystream._lint.walking import kept, walk

_CHOICES = frozenset(["where", "select", "select_n"])  # take one of their later arguments
_SHUFFLES = frozenset(["jax.random.permutation", "jax.random.shuffle", "jax.random.choice"])


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
    why=EVALUATES,
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


RUN_AGAIN = Excuse(
    "a function that is run again for what it does",
    shown=True,
    why="both calls stand alone, so the function is run again for what it does, and each run begins "
    "from the seed that it makes a key of",
)


def excuse(repeat: Repeat, *, declared: bool = False) -> Excuse | None:
    """The excuse of a repeated use, or None.

    Args:
        repeat: the two uses.
        declared: whether each turn makes its key of one seed, which says where a run begins.
    """
    if _is_joint_shuffle(repeat):
        return SHUFFLED
    if cancels(_stack(repeat.first), _stack(repeat.second)):
        return MEANT[Paired.CANCELS]
    if repeat.turn is not None:
        found = _in_loop(repeat, repeat.turn, declared=declared)
        found = found or _meant(paired_in_turns(repeat))
        watch = _watches(repeat.second, repeat.level) or _watches_object(repeat)
        return found or (FIXED if watch else None)
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
    if declared and first.text == second.text and _stand_alone(first, second):
        return RUN_AGAIN
    whole = len(repeat.second.chain) > repeat.level + 1 or repeat.second.name in INFERENCES
    places = first.location(), second.location()
    pure = {
        place: _only_returns(use, repeat.level, site, beside)
        for place, use, site, beside in (
            (places[1], repeat.second, second, first),
            (places[0], repeat.first, first, second),
        )
    }
    pure[places[0]] |= repeat.first.kind == "handed"  # it may draw, and is seen to give nothing
    met = flow.meeting(*places, pure=pure.__getitem__)
    if met is flow.Meeting.UNUSED:
        return UNUSED
    if only_reaches_init(first) or only_reaches_init(second):
        return INITIAL
    if repeat.second.kind == "split" and is_overwritten(first, second):
        return UNUSED
    if met is flow.Meeting.COMPARED:
        return COMPARED
    if _are_alternatives(first, second):
        return ALTERNATIVES
    return _meant(paired(repeat, met, one_key=not declared)) if whole else None


def _stand_alone(*sites: Site) -> bool:
    return all(
        isinstance(site.statement, ast.Expr) and site.statement.value is site.node for site in sites
    )


def _only_returns(use: Use, level: int, site: Site, other: Site) -> bool:
    """Whether a call is seen to do nothing but return, as far as two calls tell.

    A library's own does. Another does where its statement binds what it gives, or waits for that, or
    where the other call is of the same function and bound: of two that stand alone, both are meant.
    """
    if not isinstance(site.statement, ast.Expr):
        return True
    value = site.statement.value
    direct = len(use.chain) == level + 1 and use.kind in ("draw", "split", "fold")
    waited = value is not site.node
    of_one = site.text == other.text and not isinstance(other.statement, ast.Expr)
    return flow.awaited(value) is site.node and (direct or waited or of_one)


def _meant(found: Paired | None) -> Excuse | None:
    return MEANT[found] if found is not None else None


def _are_two_fits(repeat: Repeat) -> bool:
    """Whether two inferences of one kind begin from one key, given different things or made anew."""
    names = {repeat.first.name, repeat.second.name}
    if not names <= INFERENCES or len(names) > 1:
        return False
    told_apart = len({ast.dump(site.node) for site in (repeat.earlier, repeat.site)}) > 1
    anew = is_bound_between(repeat.earlier.location(), repeat.site.location())
    if names == {"Predictive"}:  # the prior's and the posterior's differ in more than the model
        return anew and not told_apart
    return anew or told_apart


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


Result = tuple[ast.AST, frozenset[str]]


def _result_of(site: Site) -> Result:
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


def _is_result(operand: ast.AST, result: Result) -> bool:
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


def _are_alternatives(first: Site, second: Site) -> bool:
    """Whether the two results only meet as alternatives of a `where` or `select`."""
    if first.around is None:
        return False
    one, other = _result_of(first), _result_of(second)
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
    return any(part is result[0] or _is_result(part, result) for part in walk(side))


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
    if first.name not in _SHUFFLES or second.name not in _SHUFFLES:
        return False
    one, other = first.chain[-1].node, second.chain[-1].node
    if repeat.turn is None:
        return shuffling.differ(one, other)
    loop = repeat.turn.node
    if repeat.turn.kind == "tree_map":
        return shuffling.keeps_rows(other)
    return isinstance(loop, ast.comprehension | ast.For) and shuffling.shuffles_each(loop, other)


# Turns of a loop.


def _in_loop(repeat: Repeat, turn: Turn, *, declared: bool) -> Excuse | None:
    loop, site = turn.node, repeat.site
    if turn.kind == "scan":
        return FIXED if _measures_in_scan(repeat) else None
    if not isinstance(loop, ast.For | ast.AsyncFor | ast.While | ast.comprehension):
        return None
    direct = len(repeat.second.chain) <= repeat.level + 1 and repeat.second.name not in INFERENCES
    if direct and repeat.second.kind not in ("apply", "handed", "kept"):
        return None  # a draw in the loop itself: its numbers are those of every turn
    outer = tuple(each.location() for each in repeat.second.chain[: repeat.level][::-1])
    here = loops.turn_of(site.location(), loop, _inside(repeat.second, repeat.level), outer)
    anew = repeat.second.name in INFERENCES  # such a run begins anew, whatever its object keeps
    if here is None or (here.carried and not anew):
        return None
    if here.compared:
        return COMPARED
    if here.state and not here.settings and not anew:
        return FIXED
    if not here.varied:
        return SWEPT if here.settings else None
    if here.ranked:
        return MEANT[Paired.ORDERED]
    run = any(inner.turns for inner in repeat.second.chain[repeat.level + 1 :])
    run = run or loops.runs(site.callee) or anew
    if declared and run:
        return SWEPT
    over = getattr(loop, "iter", None)
    whole = run or declared or (site.statement is not None and flow.is_shown(site.statement))
    sweep = not here.changing and written_out(over, site.around, whole=whole)
    return SWEPT if sweep else None


def _measures_in_scan(repeat: Repeat) -> bool:
    """Whether the turns of a scan only make figures of the draw: the loss after each epoch."""
    chain, body = repeat.second.chain, repeat.level + 1
    return len(chain) > body and measured_in_turn(
        chain[body].location(), _inside(repeat.second, body)
    )


def _watches(use: Use, level: int) -> bool:
    """Whether a loop in a call looks, with the one key, at what it trains: an evaluation in a run."""
    return any(
        here is not None and here.state and not here.carried
        for depth, site in enumerate(use.chain[level + 1 :], level + 1)
        for turn in site.turns
        if isinstance(turn.node, ast.For | ast.AsyncFor | ast.While)
        for here in [loops.turn_of(site.location(), turn.node, _inside(use, depth))]
    )


def _watches_object(repeat: Repeat) -> bool:
    """Whether a loop looks, with the one key, at an object that it trains, by another method."""
    return watches_object(_stack(repeat.second), repeat.site.location())


def _inside(use: Use, level: int) -> Stack:
    """The lines that lead to a use from the call at a level of its chain, innermost first."""
    return tuple(site.location() for site in use.chain[:level:-1])


def _stack(use: Use) -> Stack:
    """The lines that lead to a use, innermost first."""
    return tuple(site.location() for site in reversed(use.chain))
