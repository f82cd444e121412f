"""The closed list of what excuses a repeated key. Each is proved from the program's own structure."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import Enum

from keystream._evidence import flow
from keystream._evidence.names import call_at
from keystream._evidence.relation import Related, Relation
from keystream._evidence.shuffling import differ, shuffles_each
from keystream._evidence.source import called, loops_at, scope_of, source_of, statement
from keystream._evidence.uses import CLONED, DECLARED, HOST, THROWN_AWAY, Site, Stack, Use
from keystream._findings import Location


class Excuse(Enum):
    """Why a repeated key is no mistake."""

    RECOMPUTED = "recomputed for the gradient"
    CLONED = "declared with jax.random.clone"
    DECLARED = "declared with keystream.common_random_numbers"
    COMPARED = "compared with each other"
    UNUSED = "one of the two results is never used"
    EXCLUSIVE = "in branches of which one runs"
    FINISHED_LANES = "lanes of a batched loop that had finished"
    BROADCAST = "shared by declaration of a lifted transform"
    SAMPLER = "inside one call of a sampler"
    LIBRARY = "inside one call of a library"
    SHUFFLE = "one joint shuffle of several arrays"
    RETRY = "a library's procedure that tries again"
    INITIALISATION = "thrown away: no result depends on the draw"


# Of these the books speak apart: nothing was repeated by the program itself.
INSIDE = frozenset({Excuse.SAMPLER, Excuse.LIBRARY})


@dataclass(frozen=True, slots=True)
class Excused:
    """One excuse with the place that proves it.

    Attributes:
        why: the excuse.
        place: where it stands; None where it is no line of the user's.
    """

    why: Excuse
    place: Location | None = None


# Procedures of libraries that run the user's function again with one key until its result will do, or
# to learn the shapes of what it returns: the part of the path, and the functions. Read in NumPyro 0.22,
# Keras 3.15, Flax 0.12.
_RETRIES: tuple[tuple[str, frozenset[str]], ...] = (
    (
        "numpyro/infer/",
        frozenset(
            {"find_valid_initial_params", "_find_valid_params", "initialize_model", "init",
             "_get_model_transforms", "get_model_transforms", "_setup_prototype", "_init_locals",
             "_single_chain_init", "_init_state", "get_model_relations", "get_dependencies",
             "_predictive", "single_prediction"}
        ),
    ),
    ("numpyro/handlers.py", frozenset({"get_trace"})),
    ("numpyro/contrib/", frozenset({"get_trace", "_get_trace"})),
    ("keras/src/", frozenset({"build", "compute_output_spec", "symbolic_call"})),
    ("flax/nnx/", frozenset({"tabulate", "eval_shape"})),
    ("flax/linen/", frozenset({"tabulate", "eval_shape"})),
)  # fmt: skip

_SAMPLERS = "/jax/_src/random"
_SHUFFLES = frozenset({"permutation", "shuffle", "_shuffle", "choice"})
_TREE_MAPS = ("tree_util.py", "tree_map"), ("tree.py", "map")


def of_site(site: Site) -> Excuse | None:
    """What excuses every draw of a place, whatever its key."""
    if site.flags & {"remat", "backward"}:
        return Excuse.RECOMPUTED
    if CLONED in site.flags:
        return Excuse.CLONED
    if DECLARED in site.flags:
        return Excuse.DECLARED
    return Excuse.INITIALISATION if THROWN_AWAY in site.flags else None


def of_pair(first: Use, second: Use, related: Related) -> Excused | None:
    """What excuses that two uses share a key; None where nothing does."""
    match related.relation:
        case Relation.RECOMPUTED:
            return Excused(Excuse.RECOMPUTED)
        case Relation.ONE_CALL:
            return Excused(Excuse.SAMPLER)
        case Relation.EXCLUSIVE:
            return Excused(Excuse.EXCLUSIVE, second.at.place)
        case _:
            made_alike = related.relation in (Relation.ONE_MAKING, Relation.SAME_DERIVATION)
            one_call = first.call == second.call
            inside = _inside_library(first.at, second.at, one_call=one_call) if made_alike else None
            return inside or _of_results(first, second)


def _of_results(first: Use, second: Use) -> Excused | None:
    """What the program does with the two results."""
    if _is_joint_shuffle(first.at, second.at):
        return Excused(Excuse.SHUFFLE, second.at.place)
    parted = parting(first.at.stack, second.at.stack)
    if parted is None:
        return None
    one, other = parted
    met = flow.meeting(one, other, pure=lambda place: _is_pure(place, first.at, second.at))
    if met is flow.Meeting.COMPARED:
        return Excused(Excuse.COMPARED, other)
    return Excused(Excuse.UNUSED, one) if met is flow.Meeting.UNUSED else None


def parting(one: Stack, other: Stack) -> tuple[Location, Location] | None:
    """The places of one function at which two stacks part, outermost first; None where they do not."""
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            together = (mine.path, mine.function) == (theirs.path, theirs.function)
            return (mine, theirs) if together else None
    return None


def _is_pure(place: Location, *sites: Site) -> bool:
    """Whether the call at a place is that of a compiled function, which does nothing but return.

    A sampler that is called by itself is no warm-up, even where nobody reads what it draws.

    A call that a framework compiled may put its results into the objects that it was given.
    """
    for site in sites:
        if site.call[:1] == (place,):
            return not _frames_of_libraries(site)
    return False


def _frames_of_libraries(site: Site) -> bool:
    """Whether a library, JAX aside, stands between the user's call and what was compiled."""
    inner = site.trail[_innermost(site.trail, site.stack) + 1 :]
    return any("/jax/" not in place.path for place in inner)


def _innermost(trail: Stack, stack: Stack) -> int:
    places = {(place.path, place.line, place.function) for place in stack}
    found = [n for n, p in enumerate(trail) if (p.path, p.line, p.function) in places]
    return found[-1] if found else -1


def _inside_library(first: Site, second: Site, *, one_call: bool) -> Excused | None:
    """Whether a library, in one call of the user's, used the key twice by itself.

    Where it called a function of the user's for that, it is a procedure of the list, or no excuse:
    who calls a function is no evidence.
    """
    for number, (mine, theirs) in enumerate(zip(first.trail, second.trail, strict=False)):
        if mine == theirs:
            continue
        # Two lines of one function part in it; two functions, in their caller.
        function = (mine.path, mine.function) == (theirs.path, theirs.function)
        at = number if function else number - 1
        by_user = at < 0 or _is_of(first, first.trail[at]) or _is_of(second, second.trail[at])
        if by_user or (not one_call and _in_sampler(first, number)):
            return None
        if _called_back(first, at) or _called_back(second, at):
            named = _is_retry(first.trail[: at + 1]) or _is_retry(second.trail[: at + 1])
            return Excused(Excuse.RETRY, first.place) if named else None
        inside = any(_is_of(first, place) for place in first.trail[:at])
        return Excused(Excuse.LIBRARY, first.place) if inside else None
    if (
        one_call
        and first.trail == second.trail
        and first.frames == second.frames
        and first.library != second.library
    ):
        return Excused(Excuse.LIBRARY, first.place)  # two lines of a library in one compiled call
    return None


def tries_again(first: Site, second: Site) -> bool:
    """Whether both stand in a procedure of the list, by the same lines of it.

    One call of it may have used the key twice, and so may two calls: that is for the caller to tell.
    """
    return first.trail == second.trail and bool(first.frames) and _is_retry(first.trail)


def _in_sampler(site: Site, number: int) -> bool:
    """Whether a frame of the trail, and all between it and the user's, are of a sampler of JAX.

    What parts in there was called twice by the user's line, or it would be one call.
    """
    inner = site.trail[_innermost(site.trail, site.frames) + 1 : number + 1]
    return bool(inner) and all(_SAMPLERS in place.path for place in inner)


def _is_of(site: Site, place: Location) -> bool:
    """Whether a frame of the trail is one of the user's."""
    return any(
        (place.path, place.line, place.function) == (each.path, each.line, each.function)
        for each in (*site.frames, *site.call)
    )


def _called_back(site: Site, at: int) -> bool:
    """Whether a frame of the user's stands inside the frame of the trail at a number."""
    inner = site.trail[at + 1 :]
    if any(_is_of(site, place) for place in inner):
        return True
    return bool(site.call) and bool(set(site.frames) - set(site.call))


def _is_retry(trail: Stack) -> bool:
    return any(
        part in place.path and place.function.rpartition(".")[2] in functions
        for place in trail
        for part, functions in _RETRIES
    )


def _is_joint_shuffle(first: Site, second: Site) -> bool:
    """Whether both permute arrays of one length alike: rows of several arrays stay together."""
    if not {first.distribution, second.distribution} <= _SHUFFLES:
        return False
    if first.shape != second.shape or first.distribution != second.distribution:
        return False
    if first.stack == second.stack:
        return _is_mapped(first)
    if HOST in first.flags:
        return False
    one, other = parting(first.stack, second.stack) or (None, None)
    if one is None or other is None or one != first.place or other != second.place:
        return False
    return differ(_call_of(one), _call_of(other))


def _is_mapped(site: Site) -> bool:
    """Whether ``jax.tree.map`` calls the user's function that shuffles, or a comprehension does."""
    if any(
        place.path.endswith(file) and place.function.startswith(function)
        for place in (*site.trail, *site.library)
        for file, function in _TREE_MAPS
    ):
        return True
    place = site.place
    return place is not None and (_in_tree_map(place) or _permutes_each(site, place))


def _permutes_each(site: Site, place: Location) -> bool:
    """Whether the shuffle at a place permutes each of several arrays that stand beside each other."""
    around, keyed = loops_at(place), HOST not in site.flags
    return bool(around) and shuffles_each(around[0], _call_of(place), scope_of(place), keyed=keyed)


def _in_tree_map(place: Location) -> bool:
    source, node = source_of(place.path), statement(place)
    if source is None or node is None:
        return False
    return any(
        isinstance(each, ast.Call) and called(each.func) in ("tree_map", "map", "tree_multimap")
        for each in ast.walk(node)
    )


def _call_of(place: Location) -> ast.Call | None:
    node = statement(place)
    return call_at(node, place) if node is not None else None
