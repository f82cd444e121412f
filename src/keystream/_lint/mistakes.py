"""From repeated uses of keys to mistakes: one for each, with its code. What is meant is left alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from keystream._findings import Severity
from keystream._lint.facts import Facts, Repeat, Site, Use, text_of
from keystream._lint.meaning import COPIES, SETTINGS, compared, meant
from keystream._lint.symbols import (
    Attribute,
    Child,
    Constant,
    Element,
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
    variables,
)
from keystream._lint.values import Function, root_of

_ACCUMULATES = re.compile(r"accum|micro_?batch|micro_?step|grad_acc", re.IGNORECASE)
_RUNS = frozenset({"init", "apply"})


@dataclass(frozen=True, slots=True)
class Mistake:
    """Two uses of one key that should not share it, under the code that names the mistake."""

    code: str
    severity: Severity
    repeat: Repeat
    seeds: tuple[Site, ...] = ()
    fields: tuple[Any, ...] = ()

    @property
    def site(self) -> Site:
        """Where it is reported."""
        return self.repeat.site

    @property
    def earlier(self) -> Site:
        """The other place; the same one, for a loop."""
        return self.repeat.earlier


def mistakes(
    facts: Facts, routes: dict[Symbol, list[tuple[str, Site]]] | None = None
) -> list[Mistake]:
    """The mistakes among the repeated uses of a file, one for each key or loop."""
    del routes
    found: list[Mistake] = []
    seen: set[Any] = set()
    ranked = sorted(facts.repeats, key=_rank)
    resumed = {fact.data["seed"].node for fact in facts.of("resumed") if fact.data.get("seed")}
    baked = {fact.site.node for fact in facts.of("key_baked")}
    for repeat in ranked:
        if repeat.first.chain[-1].node in baked:
            continue  # KS503 names the compiled function
        if root_of(repeat.second.key) in facts.defaults:
            continue  # KS108 names the definition
        mistake = judge(repeat)
        if mistake is None or any(site.node in resumed for site in mistake.seeds):
            continue
        marks = list(_marks(repeat))
        if any(mark in seen for mark in marks) or any(
            ("split", id(key)) in seen for key in ancestors(repeat.second.key)
        ):
            seen.update(marks)
            continue
        seen.update(marks)
        found.append(mistake)
    return found


def _rank(repeat: Repeat) -> tuple[int, int]:
    """Direct draws first, then what stands nearer."""
    direct = int(len(repeat.second.chain) - 1 > repeat.level)
    return (int(repeat.turn is not None), direct)


def _marks(repeat: Repeat) -> Iterable[Any]:
    """What two findings of one mistake have in common."""
    site = repeat.site
    yield ("node", site.node)
    yield ("line", site.path, site.line)
    key = repeat.second.key
    yield ("key", id(key), site.function)
    if repeat.first.kind == repeat.second.kind == "split":
        yield ("split", id(key))  # what is drawn from its children is the same mistake
    if repeat.turn is not None:
        root = root_of(key)
        yield ("loop", repeat.turn.node, id(root))
        yield ("root", id(root), repeat.turn.line, site.function)
    elif isinstance(key, Child):
        yield ("pair", id(key.key), repeat.earlier.node, site.node)
        yield ("parent", id(key.key), site.function)
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


def judge(repeat: Repeat) -> Mistake | None:
    """Whether a repeated use is a mistake, and which."""
    if repeat.site.is_test:
        if not _bare(repeat):
            return None
    elif meant(repeat):
        return None
    if repeat.turn is not None:
        return _in_loop(repeat)
    return _in_line(repeat)


def _bare(repeat: Repeat) -> bool:
    """Two direct uses side by side, of different make: a slip even in a test."""
    first, second = repeat.first, repeat.second
    if repeat.turn is not None or not len(first.chain) == len(second.chain) == repeat.level + 1:
        return False
    if not all(use.kind in ("draw", "split", "init") for use in (first, second)):
        return False
    if not all(use.name.startswith("jax.random.") for use in (first, second) if use.kind != "init"):
        return False
    if first.kind == second.kind:
        return first.kind == "draw" and text_of(first.chain[-1].node, 400) != text_of(
            second.chain[-1].node, 400
        )
    return "fold" not in (first.kind, second.kind)


def _by_stream(use: Use) -> bool:
    """Whether a framework's stream stands between the key and the draw."""
    return isinstance(use.key, StreamKey)


# In a loop.


def _in_loop(repeat: Repeat) -> Mistake | None:
    turn = repeat.turn
    assert turn is not None
    first, second = repeat.first, repeat.second
    if first.kind == "draw" and second.kind == "split":  # carried on, and split in the next turn
        return Mistake("KS102", "warning", repeat, _seeds(repeat))
    if first.kind != second.kind or second.kind in ("fold", "split"):
        return None
    if second.kind == "init" and not (turn.kind == "comprehension" and first.extra is second.extra):
        return None
    if first.chain[-1].node is not second.chain[-1].node and first.kind == "init":
        return None
    key = second.key
    root = root_of(key)
    seeds = _seeds(repeat)
    severity: Severity = "error" if second.kind in ("draw", "layer") else "warning"
    if isinstance(key, Child) and of_state(key.index):
        return Mistake("KS204", "warning", repeat, seeds)
    if isinstance(root, Seed) and made_inside(repeat, seeds):
        return _made_again(repeat, severity, seeds)
    if rewound(repeat):
        return Mistake("KS204", "warning", repeat, seeds)
    if neighbours(repeat):
        if repeat.site.path.endswith(".ipynb"):
            return None  # cells of a notebook stand for themselves
        return Mistake("KS101", "warning", repeat, seeds)
    if _ACCUMULATES.search(
        " ".join((*(f"{site.function} {site.text}" for site in second.chain), second.text))
    ):
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


def _made_again(repeat: Repeat, severity: Severity, seeds: tuple[Site, ...]) -> Mistake | None:
    """A seed made into a key in each turn."""
    turn, seed = repeat.turn, root_of(repeat.second.key).args[0]
    assert turn is not None
    if repeat.second.kind == "layer" and turn.kind in ("for", "while"):
        return None  # models made anew for a comparison
    if depends_on_loop(seeds) or (isinstance(seed, Symbol) and counts(seed)):
        return Mistake("KS109", severity, repeat, seeds)
    if any(map(SETTINGS.search, variables(turn.node))):
        return None
    return Mistake("KS106", severity, repeat, seeds)


def _seeds(repeat: Repeat) -> tuple[Site, ...]:
    return tuple(site for kind, site in repeat.routes if kind == "seed")


# One after the other.


def _in_line(repeat: Repeat) -> Mistake | None:
    first, second = repeat.first, repeat.second
    kinds = {first.kind, second.kind}
    seeds = _seeds(repeat)
    root = root_of(second.key)
    if isinstance(root, Seed) and root.implementation == "nnx":
        return None  # models built anew; two that stand side by side are told by their class
    callee = first.chain[repeat.level].callee
    if callee is not None and callee is second.chain[repeat.level].callee:
        return _twice_called(repeat, seeds)
    if kinds <= _RUNS:
        return _runs(repeat)
    direct = len(first.chain) == len(second.chain) == repeat.level + 1
    severity: Severity = "error" if direct else "warning"
    recreated = isinstance(root_of(second.key), Seed) and len({site.node for site in seeds}) > 1
    if recreated and ("fold" in kinds or repeat.site.path.endswith(".ipynb")):
        return None  # cells of a notebook stand for themselves
    if kinds & _RUNS and kinds - _RUNS - {"draw", "split"}:
        return None
    if kinds & _RUNS:
        severity = "warning"
    if "fold" in kinds:
        return _folded(repeat, seeds)
    if recreated:  # where it is split, its children are seen
        drawn = kinds <= {"draw", "layer", *_RUNS}
        return Mistake("KS106", severity, repeat, seeds) if drawn else None
    return _one_key(repeat, severity, seeds)


def _one_key(repeat: Repeat, severity: Severity, seeds: tuple[Site, ...]) -> Mistake | None:
    """One key, not two that are equal: drawn from twice, or drawn from and split, or split twice."""
    kinds = {repeat.first.kind, repeat.second.kind}
    routes = {kind for kind, _ in repeat.routes}
    if kinds <= {"draw", "layer"}:
        if {"split", "fold"} <= routes and isinstance(repeat.second.key, Child):
            return Mistake("KS103", severity, repeat, seeds)
        return Mistake("KS101", "error", repeat, seeds)
    if kinds == {"split"}:
        if len(repeat.users) < 2:
            return None  # nobody takes the keys of one of the two
        return Mistake("KS101", "warning", repeat, seeds)
    return Mistake("KS102", severity, repeat, seeds)


def _twice_called(repeat: Repeat, seeds: tuple[Site, ...]) -> Mistake | None:
    """One function called twice with one key: often a slip, sometimes meant."""
    first, second = repeat.first, repeat.second
    if (
        first.kind != second.kind
        or second.kind not in ("draw", "layer")
        or first.graded != second.graded
    ):
        return None
    if compared(repeat.earlier, repeat.site):
        return None
    if _MAKERS.search(_callee_name(repeat)):
        return None
    if repeat.site.path.endswith(".ipynb") or _is_one_model(repeat):
        return None
    if isinstance(root_of(second.key), Seed) and len(seeds) > 1 and repeated(seeds):
        return Mistake("KS106", "warning", repeat, seeds)
    return Mistake("KS101", "warning", repeat, seeds)


def _is_one_model(repeat: Repeat) -> bool:
    """Whether two calls of ``apply`` are of one model, or of a copy: equal draws may be meant."""
    one, other = repeat.earlier.text, repeat.site.text
    if not (one.endswith(".apply") and other.endswith(".apply")):
        return False
    return one == other or bool(COPIES.search(one) or COPIES.search(other))


# Functions that build models; two that are built from one key are told by their layers.
_MAKERS = re.compile(
    r"^(?:init|create|build|setup|reset|(?:make|get)"
    r"(?!.*(?:data|sample|batch|noise|view|augment|mask|crop|pair|traject|rollout)))"
)


def _callee_name(repeat: Repeat) -> str:
    return repeat.site.text.rpartition(".")[2].strip("_")


def _runs(repeat: Repeat) -> Mistake | None:
    """Models initialised or run with one key."""
    first, second = repeat.first, repeat.second
    if first.kind != second.kind or first.kind != "init" or first.extra is second.extra:
        return None
    if len({site.node for site in _seeds(repeat)}) > 1:
        return None
    if _model(first) is None or _model(first) is _model(second):
        return None
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
    if not isinstance(datum, Symbol) or isinstance(datum, Constant) or not _steplike(datum):
        return None
    return Mistake("KS103", "warning", repeat, seeds)


def _steplike(datum: Symbol) -> bool:
    """Whether a folded value counts from small numbers, as the indices of a split do."""
    if isinstance(datum, Element | Constant):
        return True
    if isinstance(datum, Parameter | Attribute):
        name = datum.name.lower()
        return name in ("i", "j", "t", "k", "n", "it") or any(
            word in name
            for word in ("step", "epoch", "iter", "index", "idx", "layer", "micro", "count")
        )
    return False


Judge = Callable[[Repeat], "Mistake | None"]
_TYPES = (Function,)
