"""What a stream is called: by the key's variable, or by what is drawn from it."""

from __future__ import annotations

import ast
import builtins

from keystream._migrate.module import Function, Module, argument, dotted, parameters

_RESERVED = frozenset({"coordinates", "steps", "ids", "init", "impl", "layout"})
# Words that say that something is a key and not what it is for.
_GENERIC = frozenset(
    {
        "key",
        "keys",
        "rng",
        "rngs",
        "prng",
        "k",
        "ks",
        "sub",
        "new",
        "next",
        "curr",
        "cur",
        "tmp",
        "this",
        "r",
    }
)
_ENDINGS = ("keys", "key", "rngs", "rng")
_DEPTH = 4  # of functions that a key is handed down through in search of its use
_DRAWS = "jax.random."
_KEEPS = frozenset(
    {"jax.random.split", "jax.random.fold_in", "jax.random.clone"}
)  # what gives keys for a key
_HANDLES = frozenset({"split", "fold_in", "key_data", "wrap_key_data", "clone"})
_NO_ROLE = frozenset(
    {"apply", "device_put", "replicate", "array", "asarray", "shard", "broadcast_to"}
)


class Names:
    """The streams of one `Streams`, each named once."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.found: list[str] = []

    @property
    def quoted(self) -> str:
        """The names as arguments of `Streams`."""
        return ", ".join(f'"{name}"' for name in self.found)

    def new(self, role: str) -> str:
        """A name that no other stream has."""
        bare = f"{role}_keys" if role in _RESERVED else role
        name, number = bare, 2
        while name in self.found:
            name, number = f"{bare}_{number}", number + 1
        self.found.append(name)
        return name


def of_variable(module: Module, scope: ast.AST, target: ast.expr) -> str:
    """The role of a key: its collection of Flax, its variable's name, or what it is given to."""
    name = dotted(target).rpartition(".")[2]
    reads = _later(module, scope, target) if isinstance(target, ast.Name) else []
    bare = meaning(name)
    collection = next(
        (role for use in reads if (role := _of_use(module, use, _DEPTH, named=False))), ""
    )
    if collection or (bare and bare not in _RESERVED):
        return collection or bare
    role = next((role for use in reads if (role := of_use(module, use))), "")
    return role or bare or name.strip("_") or "main"


def of_use(module: Module, use: ast.AST) -> str:
    """The role of a key by where it goes: a collection of Flax, a parameter, a function."""
    own_name = meaning(use.id) if isinstance(use, ast.Name) else ""
    own_name = "" if own_name in _RESERVED else own_name
    collection = _of_use(module, use, _DEPTH, named=False)
    return collection or own_name or _of_use(module, use, _DEPTH, named=True)


def _of_use(module: Module, use: ast.AST, depth: int, *, named: bool) -> str:
    """The role of a key by the collection that it is put in, or by what has a name on its way."""
    inner, outer = use, module.parents.get(use)
    while outer is not None and not isinstance(outer, ast.stmt):
        match outer:
            case ast.Dict(keys=keys, values=values) if use in values:
                name = keys[values.index(use)]  # type: ignore[arg-type]
                if isinstance(name, ast.Constant) and str(name.value).isidentifier():
                    return str(name.value)
            case ast.Call() if inner is not outer.func and depth:
                if role := _of_call(module, outer, inner, depth, named=named):
                    return role
            case _:
                pass
        inner, outer = outer, module.parents.get(outer)
    return _of_bound(module, outer, inner, depth, named=named) if depth else ""


def _of_bound(
    module: Module, statement: ast.AST | None, value: ast.AST, depth: int, *, named: bool
) -> str:
    """The role of a key by the variables that it, or what it is split into, is bound to."""
    is_key = isinstance(value, ast.Name) or module.called(value) in _KEEPS
    if not isinstance(statement, ast.Assign) or statement.value is not value or not is_key:
        return ""
    target = statement.targets[0]
    targets = target.elts if isinstance(target, ast.Tuple) else [target]
    if len(targets) > 1 and module.called(value) != f"{_DRAWS}split":
        return ""
    roles: list[str] = []
    for one in targets:
        if isinstance(one, ast.Name):
            further = _later(module, module.scope(one), one)
            found = (_of_use(module, use, depth - 1, named=named) for use in further)
            bare = meaning(one.id) if named else ""
            roles.append(bare or next((role for role in found if role), ""))
    kept = {role for role in roles if role}
    return kept.pop() if len(kept) == 1 else ""


def _later(module: Module, scope: ast.AST, target: ast.Name) -> list[ast.Name]:
    """Where a variable is read after it is bound, up to the next time that it is."""
    found: list[ast.Name] = []
    uses = module.uses(scope, target.id)
    for use in uses:
        if (use.lineno, use.col_offset) <= (target.lineno, target.col_offset):
            continue
        if isinstance(use.ctx, ast.Store):  # what its statement reads is read before
            last = module.statement(use)
            loads = [one for one in uses if isinstance(one.ctx, ast.Load)]
            return found + [one for one in loads if module.statement(one) is last]
        found.append(use)
    return found


def meaning(name: str) -> str:
    """What is left of a key's name without the words that say it is one; empty for none."""
    words = [word.rstrip("0123456789") for word in name.strip("_").split("_")]
    kept = [bare for word in words if (bare := _bare(word)) not in _GENERIC and bare]
    return "_".join(kept)


def _bare(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and word != ending:
            return word.removesuffix(ending).removesuffix("p")
    return word


def _of_call(module: Module, call: ast.Call, inner: ast.AST, depth: int, *, named: bool) -> str:
    """The role of a key that a call is given."""
    name = module.called(call)
    last = call.func.attr if isinstance(call.func, ast.Attribute) else name.rpartition(".")[2]
    if name.startswith(_DRAWS):
        return last if named and last not in _HANDLES else ""
    if name.startswith("jax.lax."):
        return ""
    run = call.func
    if isinstance(run, ast.Call) and run.args:  # jax.vmap(f)(keys)
        run = run.args[0]
        last = dotted(run).rpartition(".")[2]
    function = module.function(run, call)
    role = _of_parameter(module, function, call, inner, depth, named=named) if function else ""
    if role or not named:
        return role
    word = inner.arg if isinstance(inner, ast.keyword) and function is None else None
    bare = meaning(word or "")
    return bare if bare and bare != "seed" else _of_function(last, name)


def _of_function(last: str, name: str) -> str:
    """The role of a key by the name of the function that it is given to."""
    if last == "init":
        return "params"
    if last == "apply" and "." in name:  # of a model, which has the name
        return name.split(".")[-2]
    is_class = last.strip("_")[:1].isupper()  # whose name is that of a thing, not of what is drawn
    return "" if is_class or last in _NO_ROLE or last in dir(builtins) else last.strip("_")


def _of_parameter(
    module: Module, function: Function, call: ast.Call, inner: ast.AST, depth: int, *, named: bool
) -> str:
    """The role of a key by the parameter that it becomes."""
    given = inner.value if isinstance(inner, ast.keyword) else inner
    for place, one in enumerate(parameters(function)):
        if argument(call, place, one.arg) is not given:
            continue
        if named and (bare := meaning(one.arg)):
            return bare
        reads = [use for use in module.uses(function, one.arg) if isinstance(use.ctx, ast.Load)]
        roles = {role for use in reads if (role := _of_use(module, use, depth - 1, named=named))}
        if len(roles) == 1:
            return roles.pop()
    return ""
