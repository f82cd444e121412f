"""NNX: a model that is given ``nnx.Rngs`` gets its streams' keys anew at the beginning of each step."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from keystream._migrate.draft import Draft, Root
from keystream._migrate.editing import before, first, over, rows
from keystream._migrate.family import Known
from keystream._migrate.keys import seed
from keystream._migrate.module import COMPREHENSIONS, Function, Loop, Module, Refused, dotted, own
from keystream._migrate.naming import Names
from keystream._migrate.steps import COUNTS, LoopSteps

RNGS = "flax.nnx.Rngs"
_DROPOUT = "flax.nnx.Dropout"
_MODES = ("train", "eval")


@dataclass(frozen=True, slots=True)
class Made:
    """A call of ``nnx.Rngs``.

    Attributes:
        call: the call.
        scope: that it stands in.
        variable: that it is bound to; None where it is given on at once.
        models: the variables of what is made with it.
    """

    call: ast.Call
    scope: ast.Module | Function
    variable: ast.Name | None
    models: tuple[ast.Name, ...]


@dataclass(slots=True)
class Turn:
    """A loop whose turns begin with keys of their own.

    Attributes:
        loop: the innermost one around its uses.
        use: the first of them.
        models: the variables of the models that it trains.
        given: where it gives an ``Rngs`` to a call.
    """

    loop: Loop
    use: ast.Name
    models: dict[str, None] = field(default_factory=dict[str, None])
    given: list[ast.Name] = field(default_factory=list[ast.Name])

    def goes_on(self, inner: Turn) -> bool:
        """Whether all of its draws follow an inner loop's, whose last keys count on for them."""
        is_after = inner.loop.lineno < self.use.lineno and inner.loop in ast.walk(self.loop)
        is_other = inner.loop is not self.loop and not self.given
        return is_after and is_other and self.models.keys() <= inner.models.keys()

    def is_once(self, module: Module, scope: ast.AST) -> bool:
        """Whether an ``Rngs`` is given on at one place, once a turn: it can be made right there."""
        if len(self.given) != 1 or module.scope(self.given[0]) is not scope:
            return False
        statement = module.statement(self.given[0])
        inner = takewhile(lambda outer: outer is not statement, module.around(self.given[0]))
        return not any(isinstance(outer, COMPREHENSIONS) for outer in inner)


def drafts(module: Module, known: Known, prefix: str) -> list[Draft]:
    """The rewrites of a file, one for all ``nnx.Rngs`` of one seed in a scope."""
    groups: dict[tuple[ast.AST, str], list[Made]] = {}
    for made in _made(module):
        source = ast.unparse(ast.Call(ast.Name("_"), made.call.args, []))
        groups.setdefault((made.scope, source), []).append(made)
    found = [_draft(module, known, group, prefix) for group in groups.values()]
    return [draft for draft in found if draft is not None]


def _made(module: Module) -> Iterator[Made]:
    scopes: list[ast.Module | Function] = [module.tree]
    scopes += [node for node in ast.walk(module.tree) if isinstance(node, Function)]
    for scope in scopes:
        for call in own(scope):
            if isinstance(call, ast.Call) and module.called(call) == RNGS:
                variable = _bound(module, call)
                held = module.uses(scope, variable.id) if variable else []
                givers = (
                    [call] if variable is None else [use for use in held if use is not variable]
                )
                models = {one.id: one for use in givers if (one := _model(module, use))}
                yield Made(call, scope, variable, tuple(models.values()))


def _bound(module: Module, value: ast.AST) -> ast.Name | None:
    """The variable that a value is bound to, alone or as one of ``a, b = x, y``."""
    match module.parents[value]:
        case ast.Assign(targets=[ast.Name() as target]):
            return target
        case ast.Tuple(elts=values) as whole:
            match module.parents[whole]:
                case ast.Assign(targets=[ast.Tuple(elts=targets)]) if len(targets) == len(values):
                    target = targets[values.index(value)]  # type: ignore[arg-type]
                    return target if isinstance(target, ast.Name) else None
                case _:
                    return None
        case _:
            return None


def _model(module: Module, rngs: ast.AST) -> ast.Name | None:
    """The variable of ``model = Model(rngs=rngs)``, which no loop makes anew."""
    outer = module.parents[rngs]
    call = module.parents[outer] if isinstance(outer, ast.keyword) else outer
    name = dotted(call.func).rpartition(".")[2] if isinstance(call, ast.Call) else ""
    return _bound(module, call) if name[:1].isupper() else None


def _draft(module: Module, known: Known, group: list[Made], prefix: str) -> Draft | None:
    head = min(group, key=lambda made: (made.call.lineno, made.call.col_offset))
    statement = module.statement(head.call)
    source, options, named = _source(module, head.call)
    root = Root(
        head.scope, dotted(head.variable) if head.variable else "", head.call.lineno, source
    )
    draft = Draft(module, root, module.fresh(head.scope, "streams", "model_streams"), Names(module))
    draft.needs_streams()
    runtime = list(
        dict.fromkeys([*_drawn(module), *(n for made in group for n in _keywords(made))])
    )
    runtime = [name for name in runtime if name != "params"]
    given = [use for made in group for use in _given(module, made)]
    turns = _turns(module, head, group, given)
    if not runtime:
        return None
    try:
        _check(module, head, group, turns)
    except Refused as refused:
        draft.refused = refused
        return draft
    draft.names.found += named or ["params", *runtime]
    streams = options if named else f"{source}, {draft.names.quoted}"
    row = f"{draft.variable} = {prefix}.Streams({streams})"
    steps = known.steps(module, head.scope, head.call)
    opening = _begin(draft, prefix, steps, turns)
    for made in group:
        _remake(module, draft, made, given, f"{prefix}.nnx.init_rngs({draft.variable})")
    draft.edits = [before(module, statement, row, *opening), *draft.edits, *steps.edits]
    return draft


def _turns(module: Module, head: Made, group: list[Made], given: list[ast.Name]) -> list[Turn]:
    """The loops that train a model or give ``Rngs`` on, in the order of the text."""
    found: dict[Loop, Turn] = {}
    for use in given:
        loop = module.loops(use, head.scope)[-1]
        found.setdefault(loop, Turn(loop, use)).given.append(use)
    for model in [model for made in group for model in made.models] if _is_held(module) else []:
        for use in module.uses(head.scope, model.id):
            if use.lineno > model.lineno and _trains(module, head.scope, use, model.id):
                loop = module.loops(use, head.scope)[-1]
                turn = found.setdefault(loop, Turn(loop, use))
                turn.models |= {model.id: None}
                turn.use = min(turn.use, use, key=lambda one: (one.lineno, one.col_offset))
    turns = sorted(found.values(), key=lambda turn: (turn.loop.lineno, turn.loop.col_offset))
    return [turn for turn in turns if not any(turn.goes_on(other) for other in turns)]


def _begin(draft: Draft, prefix: str, steps: LoopSteps, turns: list[Turn]) -> list[str]:
    """Give each turn of the loops its keys; the statements that follow the one of the `Streams`.

    One loop has the step of its own turns. Of several the steps would meet, as those of `epoch` and of
    ``epoch * 2 + i`` do: their turns are counted through.
    """
    module, streams, scope = draft.module, draft.variable, draft.root.scope
    counter = module.fresh(scope, *COUNTS) if len(turns) > 1 else ""
    for turn in turns:
        step = counter or steps.at(turn.use)
        new: list[str] = []
        if turn.models:
            models = ", ".join(turn.models)
            models = f"[{models}]" if len(turn.models) > 1 else models
            new.append(f"{prefix}.nnx.reseed({models}, {streams}, {step})")
        made = f"{prefix}.nnx.rngs({streams}, {step})"
        if turn.is_once(module, scope) and not counter:
            draft.edits += [over(use, made) for use in turn.given]
        elif turn.given:
            variable = module.fresh(scope, "step_rngs", "turn_rngs")
            new.append(f"{variable} = {made}")
            draft.edits += [over(use, variable) for use in turn.given]
        if new:
            draft.edits.append(
                first(module, turn.loop, *new, *([f"{counter} += 1"] * bool(counter)))
            )
    return [f"{counter} = 0"] if counter else []


def _source(module: Module, call: ast.Call) -> tuple[str, str, list[str]]:
    """The seed, and for a seed a stream these as arguments, with the streams' names."""
    if call.args:
        return seed(module, call.args[0]) or module.source(call.args[0]), "", []
    words = [word for word in call.keywords if word.arg]
    named = [word.arg for word in words if word.arg]
    if len(words) == 1 and named == ["default"]:
        return module.source(words[0].value), "", []
    seeds = ", ".join(f"{word.arg}={module.source(word.value)}" for word in words)
    return "0", seeds, named


def _keywords(made: Made) -> list[str]:
    return [word.arg for word in made.call.keywords if word.arg and word.arg != "default"]


def _drawn(module: Module) -> Iterator[str]:
    """The streams that the models of a file draw from when they are called."""
    for node in ast.walk(module.tree):
        if module.called(node) == _DROPOUT and isinstance(node, ast.Call):
            named = [word.value for word in node.keywords if word.arg == "rng_collection"]
            name = named[0].value if named and isinstance(named[0], ast.Constant) else "dropout"
            yield str(name)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = dotted(node.func.value).rpartition(".")[2]
            if owner == "rngs" and not node.args:
                yield node.func.attr


def _is_held(module: Module) -> bool:
    """Whether a class keeps streams: in a ``Dropout``, or as ``self.rngs``."""
    for node in ast.walk(module.tree):
        if module.called(node) == _DROPOUT and isinstance(node, ast.Call):
            is_held = any(word.arg == "rngs" for word in node.keywords)
        elif isinstance(node, ast.Assign) and dotted(node.targets[0]).startswith("self."):
            is_held = "rngs" in dotted(node.value).split(".")
        else:
            continue
        if is_held:
            return True
    return False


def _trains(module: Module, scope: ast.AST, use: ast.Name, model: str) -> bool:
    """Whether a loop calls a model, or gives it to a call, while it is in training mode."""
    outer = module.parents[use]
    outer = module.parents[outer] if isinstance(outer, ast.keyword) else outer
    if (
        not isinstance(outer, ast.Call)
        or not module.loops(use, scope)
        or module.scope(use) is not scope
    ):
        return False
    mode = "train"
    for other in module.uses(scope, model):
        owner = module.parents[other]
        if other.lineno < use.lineno and isinstance(owner, ast.Attribute) and owner.attr in _MODES:
            mode = owner.attr
    return mode == "train"


def _given(module: Module, made: Made) -> list[ast.Name]:
    """Where a loop gives its ``Rngs`` to a call."""
    if made.variable is None:
        return []
    uses = [use for use in module.uses(made.scope, made.variable.id) if use is not made.variable]
    return [use for use in uses if module.loops(use, made.scope)]


def _check(module: Module, head: Made, group: list[Made], turns: list[Turn]) -> None:
    if not turns:
        where = f"`{head.scope.name}`" if isinstance(head.scope, Function) else "the module"
        raise Refused(
            head.call,
            f"no loop of {where} draws with what this `nnx.Rngs` makes; where one does, "
            "begin its turns with ks.nnx.reseed(model, streams, step)",
        )
    for turn in turns:
        if isinstance(turn.loop, ast.While) and not turn.is_once(module, head.scope):
            tested = set(ast.walk(turn.loop.test))
            if late := [use for use in turn.given if use in tested]:
                raise Refused(
                    late[0],
                    f"the condition of a loop is given {late[0].id!r}; draw in the loop's body",
                )
    for made in group:
        if module.loops(made.call, head.scope):
            raise Refused(
                made.call, "a loop makes `nnx.Rngs` anew in each turn; make it before the loop"
            )
        for use in _given(module, made):
            outer = module.parents[use]
            if not isinstance(outer, ast.Call | ast.keyword):
                raise Refused(
                    use,
                    f"a loop uses `{module.source(outer)}` here; "
                    f"give {use.id!r} to a function that draws from it",
                )
        for model in made.models:
            for use in module.uses(head.scope, model.id):
                if module.called(module.parents[use]) in ("flax.nnx.split", "flax.nnx.state"):
                    raise Refused(
                        use,
                        f"{model.id!r} is taken apart here; "
                        "merge it in the step, and reseed it there with ks.nnx.reseed",
                    )
    if any(made.variable and module.uses(made.scope, made.variable.id)[1:] == [] for made in group):
        raise Refused(head.call, "its `nnx.Rngs` is used nowhere")


def _remake(module: Module, draft: Draft, made: Made, given: list[ast.Name], new: str) -> None:
    """The call of ``nnx.Rngs``; its statement goes where only loops have used it."""
    if made.variable is None:
        draft.edits.append(over(made.call, new))
        return
    uses = [use for use in module.uses(made.scope, made.variable.id) if use is not made.variable]
    statement = module.statement(made.call)
    if module.parents[made.call] is statement and all(use in given for use in uses):
        draft.edits.append(rows(module, statement, []))
    else:
        draft.edits.append(over(made.call, new))
