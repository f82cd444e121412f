"""From repeated uses of keys to mistakes: one for each, with its code; what is excused is kept apart."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from keystream._evidence import flow, loops
from keystream._evidence.consuming import feeds_loop, trains_itself
from keystream._evidence.seeding import is_swept
from keystream._evidence.source import Loop
from keystream._findings import Severity
from keystream._judge.words import copied
from keystream._lint.accumulation import accumulates
from keystream._lint.collecting import is_member, is_the_same_in_all_turns
from keystream._lint.counting import is_counter
from keystream._lint.excuses import COPIED, DECLARED, FIXED, INFERENCES, SWEPT, Excuse, excuse
from keystream._lint.facts import Facts, Repeat, Site, Unread, Use
from keystream._lint.lookups import is_looked_up
from keystream._lint.making import made_at, seeds_of
from keystream._lint.symbols import (
    Attribute,
    Child,
    Constant,
    Element,
    Operation,
    Parameter,
    Seed,
    StreamKey,
    Symbol,
)
from keystream._lint.turns import (
    counts,
    depends_on_loop,
    made_inside,
    neighbours,
    of_state,
    repeated,
    rewound,
)
from keystream._lint.unknown_models import is_one_key
from keystream._lint.values import constant_of, root_of

_RUNS = frozenset({"init", "apply"})
_LIKELY = frozenset({"handed", "kept"})  # uses that may draw, now or later


@dataclass(frozen=True, slots=True)
class Mistake:
    """Two uses of one key that should not share it, under the code that names the mistake."""

    code: str
    severity: Severity
    repeat: Repeat
    seeds: tuple[Site, ...] = ()
    excuse: Excuse | None = None
    unread: Unread | None = None

    @property
    def site(self) -> Site:
        """Where it is reported."""
        return self.repeat.site

    @property
    def earlier(self) -> Site:
        """The other place; the same one, for a loop."""
        return self.repeat.earlier

    def why(self, consequence: str) -> str:
        """The consequence, or where an excuse makes it a note, what excuses it."""
        return self.excuse.why if self.excuse is not None else consequence


@dataclass(slots=True)
class Judged:
    """The verdicts on the repeated uses of a file.

    Attributes:
        mistakes: one for each key or loop.
        excused: those that the program's structure excuses, each with its excuse.
    """

    mistakes: list[Mistake] = field(default_factory=list[Mistake])
    excused: list[Mistake] = field(default_factory=list[Mistake])


def judge_all(facts: Facts) -> Judged:
    """The mistakes among the repeated uses of a file, one for each key or loop, and what is excused."""
    found = Judged()
    seen: set[Any] = set()
    ranked = sorted(facts.repeats, key=_rank)
    resumed = {fact.data["seed"].node for fact in facts.of("resumed") if fact.data.get("seed")}
    baked = {fact.site.node for fact in facts.of("key_baked")}
    mistakes: list[Mistake] = []
    for mistake in _told_by_callers(
        judge(repeat, facts)
        for repeat in ranked
        if repeat.first.chain[-1].node not in baked  # KS503 names the compiled function
        and root_of(repeat.second.key) not in facts.defaults  # KS108 names the definition
    ):
        if any(site.node in resumed for site in mistake.seeds):
            continue
        if mistake.excuse is not None and not mistake.excuse.shown:
            found.excused.append(mistake)
        else:
            mistakes.append(mistake)
    mistakes.sort(key=_is_note)  # what is harmless keeps nothing else from being told
    looped = {node for mistake in mistakes for node in _used_in_turns(mistake.repeat)}
    for mistake in mistakes:
        if _is_left(mistake.repeat) and mistake.repeat.first.chain[-1].node in looped:
            continue  # the loop that calls the function tells
        marks = list(_marks(mistake.repeat))
        told = any(mark in seen for mark in marks) or any(
            ("split", id(key)) in seen for key in ancestors(mistake.repeat.second.key)
        )
        seen.update(marks)
        if not told:
            found.mistakes.append(mistake)
    return found


def _used_in_turns(repeat: Repeat) -> Iterable[ast.AST]:
    """The calls by which the key of a mistake in a loop is drawn from, and those that derived it."""
    if repeat.turn is not None:
        yield from (site.node for site in (*repeat.first.chain, *repeat.origins))


def _is_left(repeat: Repeat) -> bool:
    """Whether a key that was used is left in what is returned."""
    return repeat.turn is None and repeat.second.kind == "kept" and repeat.second.name == "return"


def _told_by_callers(judged: Iterable[Mistake | None]) -> Iterable[Mistake]:
    """The mistakes; of a function that is read by itself, what all its callers excuse is excused."""
    mistakes = [each for each in judged if each is not None]
    called: dict[object, list[Excuse | None]] = {}
    for each in mistakes:
        if each.repeat.level > 0:
            called.setdefault(_way(each.repeat), []).append(each.excuse)
    for each in mistakes:
        excuses = called.get(_way(each.repeat), []) if each.repeat.level == 0 else []
        if each.excuse is None and excuses and None not in excuses:
            yield replace(each, severity="note", excuse=excuses[0])
        else:
            yield each


def _way(repeat: Repeat) -> object:
    """The lines by which two uses were reached from where they part, whoever called their function."""
    uses = (repeat.first, repeat.second)
    ways = [tuple(site.node for site in use.chain[repeat.level :]) for use in uses]
    return *ways, repeat.turn.node if repeat.turn is not None else None


def _is_note(mistake: Mistake) -> bool:
    return mistake.severity == "note"


def _rank(repeat: Repeat) -> tuple[int, int, int]:
    """What is certain first, and last what is split after a likely use; then what stands nearer."""
    likely = len(_LIKELY & {repeat.first.kind, repeat.second.kind})
    likely += 2 * (likely > 0 and repeat.second.kind == "split")
    direct = int(len(repeat.second.chain) - 1 > repeat.level)
    return (likely, int(repeat.turn is not None), direct)


def _marks(repeat: Repeat) -> Iterable[Any]:
    """What two findings of one mistake have in common."""
    site = repeat.site
    yield ("node", site.node)
    yield ("line", site.path, site.line)
    key = repeat.second.key
    yield ("key", id(key), site.function, *made_at(repeat))
    if repeat.turn is not None or repeat.second.kind == "kept":  # a carry leaves and comes back
        yield ("carried", id(key), repeat.first.chain[-1].node)
    if repeat.first.kind == repeat.second.kind == "split":
        yield ("split", id(key))  # what is drawn from its children is the same mistake
    if repeat.turn is not None:
        root = root_of(key)
        yield ("loop", repeat.turn.node, id(root))
        yield ("root", id(root), repeat.turn.line, site.function)
    elif isinstance(key, Child):
        yield ("pair", id(key.key), repeat.earlier.node, site.node)
    for use in (repeat.first, repeat.second):
        last = use.chain[-1]
        if repeat.turn is None:
            continue
        yield ("drawn", last.node, repeat.turn.node)


def ancestors(key: Symbol) -> Iterable[Symbol]:
    """The keys that a key was derived from, nearest first."""
    while key.parent is not None:
        key = key.parent
        yield key


def judge(repeat: Repeat, facts: Facts) -> Mistake | None:
    """Whether a repeated use is a mistake, and which; with its excuse where it has one."""
    if _is_of(repeat.second.key, "host"):
        found = _generated(repeat)
    elif _LIKELY & {repeat.first.kind, repeat.second.kind}:
        found = _handed(repeat, facts)
    else:
        found = _in_line(repeat) if repeat.turn is None else _in_loop(repeat, facts)
    if found is None or found.excuse is not None:
        return found
    excused = excuse(repeat, declared=found.code in ("KS106", "KS109", "KS504"))
    if excused is None and found.severity == "warning":
        excused = _said(repeat)
    return found if excused is None else replace(found, severity="note", excuse=excused)


def _said(repeat: Repeat) -> Excuse | None:
    """What the names say that two calls of one function are assigned to: a copy may begin alike."""
    sites = (repeat.earlier, repeat.site)
    if repeat.turn is not None or sites[0].callee is None or sites[0].callee is not sites[1].callee:
        return None
    for site in sites:
        word = copied(site.location(), site.target)
        if word is not None:
            why = f"a name says that it is a copy, so it may be meant: {word.quoted}"
            return Excuse("said by a name", shown=True, why=why)
    return None


def _by_stream(use: Use) -> bool:
    """Whether a framework's stream stands between the key and the draw."""
    return isinstance(use.key, StreamKey)


# In a loop.


def _in_loop(repeat: Repeat, facts: Facts) -> Mistake | None:
    turn = repeat.turn
    assert turn is not None
    first, second = repeat.first, repeat.second
    if first.kind == "draw" and second.kind == "split":  # carried on, and split in the next turn
        return Mistake("KS102", "warning", repeat, seeds_of(repeat))
    if (first.kind, second.kind) == ("split", "draw") and neighbours(repeat):
        return Mistake("KS101", "warning", repeat, seeds_of(repeat))
    if first.kind != second.kind or second.kind in ("fold", "split"):
        return None
    if second.kind == "init" and not _is_another_member(repeat, facts):
        return None
    if second.kind == "layer" and _is_counted(second.key) and not is_member(repeat.site, facts):
        return None  # a model that is built anew
    if first.chain[-1].node is not second.chain[-1].node and first.kind == "init":
        return None
    key = second.key
    root = root_of(key)
    seeds = seeds_of(repeat)
    drawn = second.kind in ("draw", "layer") and not is_looked_up(repeat, facts)
    severity: Severity = (
        "error" if drawn and not flow.only_shown(repeat.site.location()) else "warning"
    )
    if isinstance(key, Child) and of_state(key.index):
        return Mistake("KS204", "warning", repeat, seeds)
    if isinstance(root, Seed) and made_inside(repeat, seeds):
        return _made_again(repeat, severity, seeds)
    if rewound(repeat):
        return Mistake("KS204", "warning", repeat, seeds)
    if neighbours(repeat):
        return Mistake("KS101", "warning", repeat, seeds)
    if accumulates(repeat):
        return Mistake("KS304", severity, repeat, seeds)
    direct = (
        len(second.chain) == repeat.level + 1 and second.kind != "apply" and not _by_stream(second)
    )
    lifted = turn.kind not in ("for", "while", "comprehension", "map")
    if lifted or direct:
        return Mistake(
            "KS101"
            if turn.kind in ("comprehension", "tree_map", "map") or second.kind == "layer"
            else "KS203",
            severity,
            repeat,
            seeds,
        )
    return Mistake("KS201", severity, repeat, seeds)


def _is_counted(key: Symbol) -> bool:
    """Whether an Rngs of NNX made the key."""
    return _is_of(key, "nnx")


def _is_of(key: Symbol, implementation: str) -> bool:
    """Whether a framework's own way of making keys made this one."""
    root = root_of(key)
    return isinstance(root, Seed) and root.implementation == implementation


def _generated(repeat: Repeat) -> Mistake | None:
    """A generator of the host that each turn of a loop makes of one seed."""
    seeds = seeds_of(repeat)
    if repeat.turn is None or not seeds or not made_inside(repeat, seeds):
        return None
    place, loop = repeat.site.location(), repeat.turn.node
    if not isinstance(loop, Loop):  # a pool calls the function for each
        inner = tuple(site.location() for site in repeat.second.chain[: repeat.level : -1])
        runs = trains_itself(inner)
        return Mistake(
            "KS504", "note" if runs else "warning", repeat, seeds, SWEPT if runs else None
        )
    if feeds_loop(place, loop):
        return Mistake("KS504", "warning", repeat, seeds)
    return Mistake("KS504", "note", repeat, seeds, FIXED)


def _is_another_member(repeat: Repeat, facts: Facts) -> bool:
    """Whether a turn initialises one more of what a collection holds several of."""
    first, second, site = repeat.first, repeat.second, repeat.site
    alike = _model(first) is _model(second) and is_the_same_in_all_turns(site)
    return (first.extra is second.extra or alike) and is_member(site, facts)


def _made_again(repeat: Repeat, severity: Severity, seeds: tuple[Site, ...]) -> Mistake | None:
    """A seed made into a key in each turn."""
    seed = root_of(repeat.second.key).args[0]
    if _is_of_list(seed) and _begins_anew(repeat):
        return Mistake("KS109", "note", repeat, seeds, SWEPT)  # a list of seeds, gone through again
    if depends_on_loop(seeds) or (isinstance(seed, Symbol) and counts(seed)):
        line = getattr(repeat.turn.node, "lineno", 0) if repeat.turn is not None else 0
        if is_swept(seeds[-1].location(), line):
            return Mistake("KS109", "note", repeat, seeds, SWEPT)
        return Mistake("KS109", severity, repeat, seeds)
    return Mistake("KS106", severity, repeat, seeds)


def _is_of_list(seed: object) -> bool:
    """Whether a seed is an element of a list of seeds, or that and a number; no counter of turns."""
    match seed:
        case Operation("Add", (left, Constant())) | Operation("Add", (Constant(), left)):
            return _is_of_list(left)
        case _:
            return isinstance(seed, Element) and not is_counter(seed)


def _begins_anew(repeat: Repeat) -> bool:
    """Whether a turn of the loop hands nothing of the call on to the next."""
    turn = repeat.turn
    if turn is None or not isinstance(turn.node, ast.For | ast.AsyncFor | ast.While):
        return False
    here = loops.turn_of(repeat.site.location(), turn.node)
    return here is not None and not here.carried


# Where one of the two is a function that is not known.


def _handed(repeat: Repeat, facts: Facts) -> Mistake | None:
    """A key that is given to a function which is not known, beside another use of it.

    That the function draws is likely. A child of a split that nothing reads, while its parent or its
    sibling is used, says which key was meant.
    """
    first, second = repeat.first, repeat.second
    kinds = {first.kind, second.kind}
    seeds = seeds_of(repeat)
    unread = _unread(repeat, facts)
    if (kinds == {"kept"} and repeat.turn is None) or first.discarded or second.discarded:
        return None
    if "fold" in kinds and unread is None:
        return None
    if repeat.turn is None and any(
        use.kind == "kept" and len(use.chain) > repeat.level + 1 for use in (first, second)
    ):
        return None  # what a function that was called keeps is told where it is read by itself
    if repeat.turn is not None:
        if len(kinds) > 1 or first.chain[-1].node is not second.chain[-1].node:
            return None
        if kinds == {"kept"} and (first.name == "return" or not is_one_key(second.key)):
            return None  # what goes out of a turn is told where it is drawn from
        if second.name.endswith(".init"):
            return None  # a model that is made anew, mostly for its shapes
        if isinstance(root_of(second.key), Seed) and made_inside(repeat, seeds):
            return _made_again(repeat, "warning", seeds)
        code = "KS201" if repeat.turn.kind in ("for", "while") else "KS203"
        return Mistake(
            "KS101" if repeat.turn.kind == "comprehension" else code, "warning", repeat, seeds
        )
    if unread is not None:
        return Mistake("KS107", "warning", repeat, seeds, unread=unread)
    if isinstance(root_of(second.key), Seed) and len({site.node for site in seeds}) > 1:
        return None  # two keys of one seed, of which one goes somewhere unknown
    return Mistake("KS102" if "split" in kinds else "KS101", "warning", repeat, seeds)


def _unread(repeat: Repeat, facts: Facts) -> Unread | None:
    """A child of a split that nothing reads, where the key is used: of this key, or of its parent."""
    key = repeat.second.key
    parent = key.key if isinstance(key, Child) else None
    around = {id(site.around) for use in (repeat.first, repeat.second) for site in use.chain}
    for split in (key, parent):
        for unread in facts.unread.get(split, ()) if isinstance(split, Symbol) else ():
            if id(unread.site.around) in around:
                return unread
    return None


# One after the other.


def _in_line(repeat: Repeat) -> Mistake | None:
    first, second = repeat.first, repeat.second
    kinds = {first.kind, second.kind}
    seeds = seeds_of(repeat)
    if _is_counted(second.key) and "layer" in kinds:
        return None  # models built anew; two that stand side by side are told by their class
    callee = first.chain[repeat.level].callee
    if callee is not None and callee is second.chain[repeat.level].callee:
        return _twice_called(repeat, seeds)
    if kinds <= _RUNS:
        return _runs(repeat)
    direct = len(first.chain) == len(second.chain) == repeat.level + 1
    severity: Severity = "error" if direct else "warning"
    recreated = isinstance(root_of(second.key), Seed) and len({site.node for site in seeds}) > 1
    if recreated and "fold" in kinds:
        return None
    if kinds & _RUNS and kinds - _RUNS - {"draw", "split"}:
        return None
    if kinds & _RUNS:
        severity = "warning"
    if "fold" in kinds:
        return _folded(repeat, seeds)
    if recreated:  # where it is split, its children are seen
        if not kinds <= {"draw", "layer", *_RUNS}:
            return None
        if first.name in INFERENCES and second.name in INFERENCES:
            return Mistake("KS106", "note", repeat, seeds, DECLARED)
        return Mistake("KS106", "warning", repeat, seeds)
    return _one_key(repeat, severity, seeds)


def _one_key(repeat: Repeat, severity: Severity, seeds: tuple[Site, ...]) -> Mistake | None:
    """One key, not two that are equal: drawn from twice, or drawn from and split, or split twice."""
    kinds = {repeat.first.kind, repeat.second.kind}
    routes = {kind for kind, _ in repeat.routes}
    if kinds <= {"draw", "layer"}:
        if {"split", "fold"} <= routes and isinstance(repeat.second.key, Child):
            return Mistake("KS103", severity, repeat, seeds)
        sure = all(map(_tells_numbers, (repeat.first, repeat.second)))
        return Mistake("KS101", "error" if sure else "warning", repeat, seeds)
    if kinds == {"split"}:
        if len(repeat.users) < 2:
            return None  # nobody takes the keys of one of the two
        return Mistake("KS101", "warning", repeat, seeds)
    return Mistake("KS102", severity, repeat, seeds)


def _tells_numbers(use: Use) -> bool:
    """Whether it is known which numbers a draw makes of its key.

    A run of a whole model makes many of them, and an object that is not known may split it first.
    """
    return use.name not in INFERENCES and not use.name.startswith(".")


def _twice_called(repeat: Repeat, seeds: tuple[Site, ...]) -> Mistake | None:
    """One function called twice with one key: often a slip, sometimes meant."""
    first, second = repeat.first, repeat.second
    if (
        first.kind != second.kind
        or second.kind not in ("draw", "layer")
        or first.graded != second.graded
    ):
        return None
    if isinstance(root_of(second.key), Seed) and len(seeds) > 1 and repeated(seeds):
        return Mistake("KS106", "warning", repeat, seeds)
    return Mistake("KS101", "warning", repeat, seeds)


def _runs(repeat: Repeat) -> Mistake | None:
    """Models initialised or run with one key."""
    first, second = repeat.first, repeat.second
    if first.kind != second.kind or first.kind != "init":
        return None
    if len({site.node for site in seeds_of(repeat)}) > 1 or _model(first) is None:
        return None
    if first.extra is second.extra or _model(first) is _model(second):
        return Mistake("KS101", "note", repeat, (), COPIED)
    return Mistake("KS101", "warning", repeat, ())


def _model(use: Use) -> object:
    extra = use.extra
    found = getattr(extra, "cls", None)
    return found.node if found is not None else getattr(extra, "node", None)


def _folded(repeat: Repeat, seeds: tuple[Site, ...]) -> Mistake | None:
    kinds = {repeat.first.kind, repeat.second.kind}
    if kinds == {"fold"} or not kinds <= {"fold", "split", "draw"}:
        return None
    fold = repeat.first if repeat.first.kind == "fold" else repeat.second
    other = repeat.second if fold is repeat.first else repeat.first
    datum = fold.extra
    if other.kind == "draw":
        return Mistake("KS102", "note", repeat, seeds)  # the bits differ; JAX counts it as one use
    split = other.extra
    if not isinstance(datum, Symbol) or not _may_be_index(datum, split):
        return None
    return Mistake("KS103", "warning", repeat, seeds)


def _may_be_index(datum: Symbol, count: object) -> bool:
    """Whether a folded value can be the index of a child of the split: the two are then one key."""
    if datum is count:
        return False  # one beyond the last of them
    number = constant_of(datum)
    if isinstance(number, int):
        children = constant_of(count) if isinstance(count, Symbol) else None
        return number >= 0 and (not isinstance(children, int) or number < children)
    return isinstance(
        datum, Element | Parameter | Attribute
    )  # a counter, or a number given by the caller
