"""From keys threaded by hand to named streams: what belongs together whole, or not at all."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from itertools import pairwise

from keystream._lint.repairs import Edit
from keystream._migrate import rngs, sequences
from keystream._migrate.carried import carried
from keystream._migrate.draft import Draft, Root
from keystream._migrate.editing import after, first, over, rows
from keystream._migrate.family import Known, Place
from keystream._migrate.following import follow
from keystream._migrate.module import Function, Module, Refused, own, parameters
from keystream._migrate.naming import Names
from keystream._migrate.roots import kept, roots
from keystream._migrate.states import State, states
from keystream._migrate.statesteps import follow_state, given_calls


@dataclass(slots=True)
class Migration:
    """What becomes of one root key.

    Attributes:
        line: where the key is made; of one that is left, what is to blame.
        name: what it is called.
        streams: the names of the streams.
        edits: of the text; empty where it is left as it is.
        reason: why it is left.
    """

    line: int
    name: str
    streams: list[str] = field(default_factory=list[str])
    edits: list[Edit] = field(default_factory=list[Edit])
    reason: str = ""


def migrations(text: str, tree: ast.Module) -> list[Migration]:
    """Every root key of a file, with its rewrite or the reason against one."""
    module = Module(text, tree)
    prefix = _prefix(module)
    known = Known(carried(module), tuple(states(module)))
    of_states = {state: follow_state(module, state, known, prefix) for state in known.states}
    found = [_draft(module, root, known, of_states) for root in roots(module, known)]
    found += [*sequences.drafts(module, known), *of_states.values()]
    models = rngs.drafts(module, known, prefix)
    _refuse_together(found)
    _check_calls(module, known, found)
    for draft in found:
        _open(module, draft, prefix)
    found += models
    _refuse_overlaps(found)
    _refuse_together(found)
    done = _migrations([draft for draft in found if draft.edits or draft.refused])
    done += [Migration(one.line, "", reason=one.reason) for one in kept(module, known)]
    rewritten = [migration for migration in done if migration.edits]
    if rewritten and prefix not in module.imported:
        rewritten[0].edits.append(_import(module, prefix))
    return sorted(done, key=lambda one: one.line)


def _prefix(module: Module) -> str:
    """What the file calls `keystream`, or may call it."""
    for name, full in module.imported.items():
        if full == "keystream":
            return name
    return module.fresh(module.tree, "ks", "keystream")


def _draft(module: Module, root: Root, known: Known, of_states: dict[State, Draft]) -> Draft:
    """The rewrite of one root, as far as its own scope and the loops in it go."""
    variable = module.fresh(root.scope, "streams", f"{root.name or 'key'}_streams")
    draft = Draft(module, root, variable, Names(module))
    inside = set(own(root.scope))
    for state, other in of_states.items():
        if inside & set(given_calls(module, state)):
            draft.names.found += other.names.found
    reserved = len(draft.names.found)
    if root.made is None and root.scope in known.given.found:
        draft.parts.add(root.scope)
    steps = known.steps(module, root.scope, root.made)
    family = {root.name} if root.name else set[str]()
    try:
        _check_root(module, root)
        follow(known, draft, Place(root.scope, steps, root.made), family)
    except Refused as refused:
        draft.refused = refused
    if not draft.refused and draft.is_straight:
        draft.refused = Refused(
            root.made or root.scope, f"{root.name!r} is neither split nor used in a loop"
        )
    if not draft.parts & {state.cls for state in of_states}:
        del draft.names.found[:reserved]
    return draft


def _check_root(module: Module, root: Root) -> None:
    """Refuse a key whose variable is a parameter too."""
    if root.made is None or not isinstance(root.scope, Function):
        return
    if root.name in {one.arg for one in parameters(root.scope)}:
        raise Refused(
            root.made,
            f"the parameter {root.name!r} is bound to another key here; "
            "give that a name of its own",
        )


def _open(module: Module, draft: Draft, prefix: str) -> None:
    """The statement that makes the `Streams`, and what follows it."""
    root = draft.root
    if draft.refused or not root.source or not draft.names.found or draft.is_one_key:
        return
    streams = f"{prefix}.Streams({root.source}, {draft.names.quoted}{root.options})"
    new = [f"{draft.variable} = {streams}", *draft.opening]
    new += [f"{draft.counter} = 0"] if draft.counter else []
    if root.pair is not None and root.made is not None:
        draft.edits += [over(root.pair[0], draft.variable), over(root.pair[1], streams)]
        draft.edits += [after(module, root.made, row) for row in new[1:]]
    elif root.made is not None:
        draft.edits.append(rows(module, root.made, new))
    elif isinstance(root.scope, Function):
        draft.edits += [first(module, root.scope, row) for row in new]


def _check_calls(module: Module, known: Known, drafts: list[Draft]) -> None:
    """Refuse functions and states of which a call is not rewritten."""
    needed: list[tuple[ast.AST, str, list[ast.Call]]] = [
        (one.function, one.function.name, list(one.calls)) for one in known.given.found.values()
    ]
    needed += [(state.cls, state.cls.name, given_calls(module, state)) for state in known.states]
    for part, name, calls in needed:
        left = [call for call in calls if call not in known.calls]
        for draft in drafts:
            if left and part in draft.parts and not draft.refused:
                draft.refused = Refused(
                    left[0], f"`{name}` is given a key here that can't be followed"
                )


def _refuse_overlaps(drafts: list[Draft]) -> None:
    """Refuse what would change one place twice."""
    owners: dict[Edit, int] = {}
    for place, draft in enumerate(drafts):
        if not draft.refused:
            owners |= {edit: place for edit in draft.edits if edit not in owners}
    edits = sorted((edit.start, edit.end, place) for edit, place in owners.items())
    for (_, end, one), (start, _, other) in pairwise(edits):
        if start < end:
            for draft in (drafts[one], drafts[other]):
                draft.refused = draft.refused or Refused(
                    ast.Pass(lineno=start[0]),
                    "two of its keys are used in one expression; take them apart",
                )


def _refuse_together(drafts: list[Draft]) -> None:
    """Refuse what hangs together with something that is refused."""
    changed = True
    while changed:
        changed = False
        for bad in [draft for draft in drafts if draft.refused]:
            for draft in drafts:
                if not draft.refused and draft.parts & bad.parts:
                    assert bad.refused is not None
                    draft.refused = bad.refused
                    changed = True


def _migrations(drafts: list[Draft]) -> list[Migration]:
    """The outcomes, in which each edit and each reason stands once."""
    done: list[Migration] = []
    edits: set[Edit] = set()
    reasons: set[tuple[int, str]] = set()
    for draft in drafts:
        root = draft.root
        if draft.refused:
            reason = (draft.refused.line, draft.refused.reason)
            if reason not in reasons:
                done.append(Migration(draft.refused.line, root.name, reason=draft.refused.reason))
            reasons.add(reason)
            continue
        own_edits = [edit for edit in draft.finished() if edit not in edits]
        edits |= set(own_edits)
        done.append(Migration(root.line, root.name, list(draft.names.found), own_edits))
    return done


def _import(module: Module, prefix: str) -> Edit:
    """``import keystream as ks`` after the last import at the top."""
    last = 0
    for node in module.tree.body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Import | ast.ImportFrom) or (is_text and not last):
            last = node.end_lineno or last
        elif not isinstance(node, ast.Pass):  # what a command of IPython is read as
            break
    row = "import keystream" if prefix == "keystream" else f"import keystream as {prefix}"
    if not last:
        return Edit((1, 0), (1, 0), f"{row}\n")
    end = (last, len(module.lines[last - 1].encode()))  # in a notebook the cell may end here
    return Edit(end, end, f"\n{row}")
