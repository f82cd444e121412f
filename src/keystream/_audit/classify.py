"""Which mistake a repetition of keys is: where it began, who drew, at which step, with what intent."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from keystream._audit import frames, intent
from keystream._audit.judged import Judged, distinct
from keystream._audit.lineage import Edge, described
from keystream._audit.recording import Recording, Site
from keystream._audit.reuse import Repeat, Reuse, Use
from keystream._findings import Location, Severity
from keystream._source.words import REPEATS

Stack = tuple[Location, ...]
Verdict = tuple[str, Severity, Stack]

# Seeds are arguments of the exercise's function, and its learners run it with one seed many times.
_EXERCISE = "keystream/dropout_model.py"

# Libraries that only wrap the user's functions.
_WRAPPERS = re.compile(
    r"/(flax|haiku|equinox|optax|chex|jaxtyping|beartype|functools|contextlib)[/.]"
)


def repeated_keys(recording: Recording) -> list[Judged]:
    """The mistakes among keys that were used again, one for each."""
    reuse = Reuse(recording)
    judged: dict[object, Judged] = {}
    for repeat in reuse.repeats():
        found = _judge(reuse, repeat)
        if found is None:
            continue
        signature = (found.code, tuple(sorted({(p.path, p.line) for p in found.locations})))
        if signature in judged:
            judged[signature].count += found.count
        else:
            judged[signature] = found
    return _merged(list(judged.values()))


def _merged(judged: list[Judged]) -> list[Judged]:
    """Findings of one code whose first place is the same are one mistake."""
    kept: dict[object, Judged] = {}
    for each in judged:
        place = each.locations[0] if each.locations else None
        signature = (each.code, place.path if place else "", place.line if place else 0)
        if signature in kept:
            kept[signature].count += each.count
        else:
            kept[signature] = each
    return list(kept.values())


def _judge(reuse: Reuse, repeat: Repeat) -> Judged | None:
    uses = [use for use in repeat.uses if reuse.site(use).stack]
    if len({(use.call, use.site, use.kind) for use in uses}) < 2:
        return None
    stacks = [reuse.site(use).stack for use in uses]
    first, last = uses[0], _later(reuse, uses)
    inside = all("library" in reuse.site(use).flags for use in uses)
    if _on_purpose(reuse, uses) or (_library_affair(reuse, uses) and not inside):
        return None
    code, severity, places = _code(reuse, repeat, uses)
    if code in REPEATS and intent.says_meant(_apart(stacks)):
        severity = "note"
    sites = [reuse.site(use) for use in uses]
    related = distinct(tuple(_related(reuse, repeat, first)))
    facts = {
        "repeat": repeat,
        "proven": severity == "error",
        "distributions": tuple(
            dict.fromkeys(site.distribution for site in sites if site.distribution)
        ),
        "first": stacks[0][0],
        "last": reuse.site(last).stack[0],
        "keys": repeat.keys,
        "streams": tuple(dict.fromkeys(site.stream for site in sites if site.stream)),
        "data": tuple(dict.fromkeys(edge.data for edge in repeat.edges)),
        "root": repeat.root,
        "floats": next((reuse.site(edge).root_detail for edge in repeat.edges), ""),
    }
    last_site = reuse.site(last)
    return Judged(
        code,
        severity,
        tuple(places),
        related,
        facts,
        module_path=last_site.module_path,
        stream=last_site.stream,
        steps=_steps(reuse.recording, uses),
        count=repeat.count,
        lineage=(
            described(reuse.lineage, first.key, first.call),
            described(reuse.lineage, last.key, last.call),
        ),
    )


def _apart(stacks: list[Stack]) -> list[Location]:
    """The lines on the way to the draws that are not of all of them: those at which they part."""
    common = set(stacks[0]).intersection(*stacks[1:])
    return [place for stack in stacks for place in stack if place not in common]


def _code(reuse: Reuse, repeat: Repeat, uses: list[Use]) -> Verdict:
    sites = [reuse.site(use) for use in uses]
    stacks = list(dict.fromkeys(site.stack for site in sites))
    later = reuse.site(_later(reuse, uses)).stack
    edges = [reuse.site(edge).stack for edge in repeat.edges]
    code, stack = _certain(reuse, repeat, uses)
    if code:
        return code, "error", _places(stack or later, stacks, edges)
    if repeat.how == "seed":
        return _seed_code(reuse, repeat, uses, stacks, edges)
    if _differ(reuse, uses, "place"):
        return "KS101", "error", _places(later, stacks, edges)
    return _loop_code(reuse, repeat, uses, stacks, edges)


def _certain(reuse: Reuse, repeat: Repeat, uses: list[Use]) -> tuple[str, Stack]:
    """The code that follows from where the repetition began alone, and the stack that is to blame."""
    folds = [edge for edge in repeat.edges if edge.kind == "fold_in"]
    floats = [edge for edge in folds if "float" in reuse.site(edge).flags]
    blamed = (folds if repeat.how == "alias" else floats or repeat.edges)[-1:]
    stack: Stack = reuse.site(blamed[0]).stack if blamed else ()
    codes = {
        "KS102": repeat.how == "split",
        "KS403": repeat.how != "split" and _differ(reuse, uses, "stream"),
        "KS103": repeat.how == "alias",
        "KS109": repeat.how == "collision" or bool(floats),
        "KS104": _differ(reuse, uses, "module_path") and _flax_made(reuse, repeat.edges),
    }
    code = next((code for code, holds in codes.items() if holds), "")
    return code, stack if code in ("KS103", "KS109") else ()


def _differ(reuse: Reuse, uses: list[Use], name: str) -> bool:
    """Whether one key was drawn from under two values of an attribute of its sites."""
    by_key: dict[int, set[object]] = {}
    for use in uses:
        value = getattr(reuse.site(use), name)
        if value:
            by_key.setdefault(use.key, set()).add(value)
    return any(len(values) > 1 for values in by_key.values())


def _loop_code(
    reuse: Reuse, repeat: Repeat, uses: list[Use], stacks: list[Stack], edges: list[Stack]
) -> Verdict:
    """One place drew again with one key."""
    site = reuse.site(uses[-1])
    looped = _looped(stacks)
    places = _places(looped, stacks, edges)
    shown = intent.evaluates(stacks[0]) is not None or intent.shows(stacks[0])
    if shown and "differentiated" not in site.flags:
        return "KS201", "note", places
    if site.root == "constant":
        return "KS503", "error", places
    if len(stacks) > 1 and _once_each(reuse, uses):
        return "KS101", "warning", places
    rewound = _flax_made(reuse, repeat.edges) and repeat.how == "derived" and repeat.keys > 1
    return ("KS204" if rewound else "KS201"), "warning", places


def _once_each(reuse: Reuse, uses: list[Use]) -> bool:
    """Whether each line that leads to the draw used a key once: no loop, but a call written twice."""
    seen = [(use.key, reuse.site(use).stack) for use in uses]
    return len(set(seen)) == len(seen)


def _seed_code(
    reuse: Reuse, repeat: Repeat, uses: list[Use], stacks: list[Stack], edges: list[Stack]
) -> Verdict:
    """The key was made again of its seed: in a loop, at another line, or by a second run."""
    seeds = list(dict.fromkeys(edges))
    inside = {stack[0] for stack in seeds}
    callers = tuple(dict.fromkeys(stack[1] for stack in seeds if len(stack) > 1))
    exercise = all(
        _EXERCISE in place.path for edge in repeat.edges for place in reuse.site(edge).library[-1:]
    )
    chosen = len(inside) == 1 and intent.chosen_seed(seeds[0][0], callers)
    if exercise or chosen or _is_harmless(seeds[-1]):
        return "KS106", "note", _places(seeds[-1], stacks, edges)
    by_site: dict[int, set[int]] = {}
    for use in uses:
        by_site.setdefault(use.site, set()).add(use.key)
    run = any(len(keys) > 1 and reuse.sites[site].call for site, keys in by_site.items())
    run = run or _steps_inside(reuse, uses, repeat)
    caller = _caller(repeat, reuse)
    if run and caller is not None and len({stack[0] for stack in seeds}) == 1 and len(seeds[0]) > 1:
        if intent.resumes(seeds[0][0]) or any(intent.resumes(place) for place in seeds[0]):
            return "KS202", "error", _places(seeds[-1], stacks, edges)
        if intent.sweeps(caller):
            return "KS106", "note", _places(seeds[-1], stacks, edges)
        return "KS202", "warning", _places(seeds[-1], stacks, edges)
    if len(seeds) == 1 or len({stack[0] for stack in seeds}) == 1:
        return "KS106", "error", _places(seeds[-1], stacks, edges)
    same_place = len({stack[0] for stack in stacks}) < len(stacks)
    return "KS106", "warning" if same_place else "error", _places(seeds[-1], stacks, edges)


def _is_harmless(seed: Stack) -> bool:
    """Whether a seed is made again for an evaluation, or for what a saved state then overwrites."""
    return bool(intent.evaluates(seed)) or (len(seed) > 1 and intent.overwritten(seed[1]))


def _steps_inside(reuse: Reuse, uses: list[Use], repeat: Repeat) -> bool:
    """Whether a chain of keys repeats at one place: the same site drew from several of them."""
    places: dict[object, set[int]] = {}
    for use in uses:
        places.setdefault(reuse.site(use).stack[0], set()).add(use.key)
    return any(len(keys) > 2 for keys in places.values())


def _caller(repeat: Repeat, reuse: Reuse) -> Location | None:
    """The line that called the function that made the seed."""
    stack = reuse.site(repeat.edges[-1]).stack if repeat.edges else ()
    return stack[1] if len(stack) > 1 else None


def _flax_made(reuse: Reuse, edges: list[Edge]) -> bool:
    return any("/flax/" in place.path for edge in edges for place in reuse.site(edge).library)


def _later(reuse: Reuse, uses: list[Use]) -> Use:
    """The last use that stands elsewhere than the first, or the last."""
    first = reuse.site(uses[0]).stack
    others = [use for use in uses if reuse.site(use).stack != first]
    return (others or uses)[-1]


def _looped(stacks: list[Stack]) -> Stack:
    """A stack reordered so that the line that repeats stands first: in a loop, or where stacks part."""
    stack = stacks[-1]
    if len(stacks) > 1:
        parting = _parting(stacks[0], stacks[-1])
        if parting is not None:
            return (parting, *stack)
    for place in reversed(stack):
        if intent.loop_at(place) is not None:
            return (place, *stack)
    return stack


def _parting(one: Stack, other: Stack) -> Location | None:
    """The outermost line at which two stacks part."""
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            return theirs
    return None


def _on_purpose(reuse: Reuse, uses: list[Use]) -> bool:
    """Whether results are compared for equality, or all but one are thrown away."""
    stacks = list(dict.fromkeys(reuse.site(use).stack for use in uses))
    kept = [
        stack
        for stack in stacks
        if not any(intent.discards(place) for place in stack[:1] + reuse_call(reuse, uses, stack))
    ]
    if len(kept) < len(stacks) and len(kept) <= 1 and len(uses) <= 2:
        return True
    for number, one in enumerate(stacks):
        for other in stacks[number + 1 :]:
            parting, counterpart = _parting(one, other), _parting(other, one)
            if (
                parting is not None
                and counterpart is not None
                and intent.compared(counterpart, parting)
            ):
                return True
    if _differ(reuse, uses, "stack"):
        return False
    places = {place for stack in stacks for place in stack}
    return any(
        intent.compared(place, place) or intent.collected_and_compared(place) for place in places
    )


def _library_affair(reuse: Reuse, uses: list[Use]) -> bool:
    """Whether an installed library, not the user, decided to use each of the keys again.

    Either the stacks part in a library's function, or a library ran the user's function more than
    once while the user called it once.
    """
    by_key: dict[int, list[Site]] = {}
    for use in uses:
        by_key.setdefault(use.key, []).append(reuse.site(use))
    return all(_library_repeats(sites) for sites in by_key.values() if len(sites) > 1)


def _library_repeats(sites: list[Site]) -> bool:
    first = sites[0]
    for other in sites[1:]:
        if other.trail == first.trail:
            if other.frames and other.frames == first.frames and other.library != first.library:
                continue
            if other is not first and other.call:
                return False
            if not _called_back(first):
                return False
            continue
        owner = _parting_frame(first.trail, other.trail)
        if owner is None or frames.is_user(owner.path):
            return False
    return True


def _called_back(site: Site) -> bool:
    """Whether a library runs the user's function, called on a line that no loop repeats."""
    seen_library = False
    outer: list[Location] = []
    for place in site.trail:
        if frames.is_user(place.path):
            if seen_library:
                return not any(intent.loop_at(each) for each in outer)
            outer.append(place)
        elif outer and not _WRAPPERS.search(place.path) and not frames.is_jax(place.path):
            seen_library = True
    return False


def _parting_frame(one: Stack, other: Stack) -> Location | None:
    """The frame in which two stacks part: one function at two lines, or the caller of two."""
    for number, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if mine != theirs:
            if (mine.path, mine.function) == (theirs.path, theirs.function) or number == 0:
                return mine
            return one[number - 1]
    return None


def reuse_call(reuse: Reuse, uses: list[Use], stack: Stack) -> Stack:
    """The line of the compiled call behind a stack."""
    for use in uses:
        site = reuse.site(use)
        if site.stack == stack and site.call:
            return site.call[:1]
    return ()


def _places(first: Stack, stacks: list[Stack], edges: list[Stack]) -> Stack:
    """All user lines concerned, the most apt stack first, then where the other uses and keys stand."""
    places = list(first)
    for stack in stacks:
        places += stack[:2]
    for stack in edges[:4]:
        places += stack[:2]
    return distinct(tuple(places))


def _related(reuse: Reuse, repeat: Repeat, first: Use) -> Iterable[Location]:
    yield replace(reuse.site(first).stack[0], message="first used here")
    for edge in repeat.edges[:2]:
        stack = reuse.site(edge).stack
        if stack:
            verb = {"seed": "made of its seed", "split": "split", "fold_in": "folded"}[edge.kind]
            yield replace(stack[0], message=f"{verb} here")


def _steps(recording: Recording, uses: list[Use]) -> tuple[int, int] | None:
    """First and last step: as the program set them, else the ordinal of the use at its site."""
    if recording.steps:
        steps = [recording.steps[use.call] for use in uses if use.call in recording.steps]
        return (min(steps), max(steps)) if steps else None
    calls = sorted({use.call for use in uses})
    return (0, len(calls) - 1) if len(calls) > 1 else None
