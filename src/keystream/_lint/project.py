"""The files that belong together: modules by name, and which functions are worth reading."""

from __future__ import annotations

import ast
import os
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keystream._lint.scope import Scope, Unit
from keystream._lint.symbols import ModuleName, Value
from keystream._lint.values import Made
from keystream._lint.walking import children, walk

if TYPE_CHECKING:
    from collections.abc import Callable

# Libraries whose names mean something to us; they are never read as part of the project.
LIBRARIES = frozenset(
    [
        "jax",
        "jaxlib",
        "flax",
        "equinox",
        "haiku",
        "optax",
        "numpyro",
        "keras",
        "numpy",
        "scipy",
        "keystream",
        "tensorflow",
        "torch",
        "orbax",
        "chex",
        "distrax",
        "tqdm",
        "matplotlib",
        "pandas",
        "sklearn",
        "absl",
        "typing",
        "functools",
        "itertools",
        "os",
        "sys",
        "math",
        "time",
        "random",
        "collections",
        "dataclasses",
        "abc",
        "re",
        "json",
        "pathlib",
        "logging",
        "warnings",
        "copy",
        "operator",
        "contextlib",
        "enum",
        "types",
        "pytest",
        "hypothesis",
        "einops",
        "jaxtyping",
        "tensorflow_probability",
        "tfp",
    ]
)
INTERESTING = frozenset(
    [
        "random",
        "PRNGKey",
        "PRNGSequence",
        "fold_in",
        "make_rng",
        "Dropout",
        "dropout",
        "rngs",
        "rng",
        "rng_key",
        "prng_key",
        "key",
        "keys",
        "subkey",
        "seed",
        "next_rng_key",
        "next_rng_keys",
        "Rngs",
        "apply_fn",
        "add_argument",
        "SeedGenerator",
        "handlers",
        "urandom",
        "default_rng",
        "Streams",
        "hash",
        "jr",
        "jrandom",
        "jrand",
        "jrnd",
        "nn",
        "nnx",
        "eqx",
        "hk",
        "split",
        "init",
        "apply",
        "prng",
        "deterministic",
        "eval",
        "inference_mode",
    ]
)
_TELLING = frozenset({"key", "keys", "seed", "seeds", "rng", "rngs", "dropout"})  # in a name
MAX_KEPT = 9_000_000  # characters of other modules' source kept parsed at a time


def mark_relevant(tree: ast.Module, words: frozenset[str] | set[str]) -> None:
    """Mark the functions that may touch keys: themselves, or through functions that they call."""
    mentions: dict[ast.AST, set[str]] = {}
    names: dict[ast.AST, str] = {}
    named: dict[ast.AST, str] = {}
    outer: dict[ast.AST, ast.AST] = {}
    aliases: list[tuple[str, set[str]]] = []
    tables = set[str]()
    todo: list[tuple[ast.AST, set[str]]] = [(tree, set())]
    for scope, own in todo:  # it grows while it is read
        nodes = children(scope)
        for node in nodes:  # this too
            kind = type(node)
            said = _said(node, kind)
            if said:
                own.add(said)
            elif kind is ast.Assign:
                _name_lambda(node, named)
                _name_wrapped(node, aliases)
                _name_registry(node, scope, tables)
            elif kind in _SCOPES:
                mentions[node], outer[node] = set(), scope
                todo.append((node, mentions[node]))
                continue
            nodes.extend(children(node))
    for node in mentions:
        names[node] = getattr(node, "name", named.get(node, ""))
    _hand_up(mentions, outer)
    for node, names_said in mentions.items():
        if any(parameter + "()" in names_said for parameter in _parameters(node)):
            names_said.add("key")  # what it is handed may draw
    found = _spread(mentions, names, words | tables, aliases)
    for node in mentions:
        setattr(node, "_relevant", node in found)  # noqa: B010


def _hand_up(mentions: dict[ast.AST, set[str]], outer: dict[ast.AST, ast.AST]) -> None:
    """What a function mentions, the three around it mention as well."""
    own = {node: frozenset(said) for node, said in mentions.items()}
    for node, said in own.items():
        around = node
        for _ in range(3):
            around = outer[around]
            if around not in mentions:
                break
            mentions[around] |= said


def _spread(
    mentions: dict[ast.AST, set[str]],
    names: dict[ast.AST, str],
    words: frozenset[str] | set[str],
    aliases: list[tuple[str, set[str]]],
) -> set[ast.AST]:
    """The functions that mention such a word, and those that call them."""
    found = {
        node
        for node, said in mentions.items()
        if said & words or _TELLING & set(names[node].lower().split("_"))
    }
    for node in mentions:
        if isinstance(node, ast.ClassDef):
            if node in found:  # its layers may draw in any method
                found |= {method for method in node.body if method in mentions}
        elif any(_remembers(decorator) for decorator in _decorators(node)):
            found.add(node)
    while True:
        known = {names[node] for node in found} - {"", "__init__", "__call__"}
        known |= {alias for alias, wrapped in aliases if wrapped & known}
        more = {node for node, said in mentions.items() if node not in found and said & known}
        if not more:
            break
        found |= more
    return found


_WORD_OF: dict[type[ast.AST], str] = {
    ast.Name: "id",
    ast.Attribute: "attr",
    ast.keyword: "arg",
    ast.arg: "arg",
}
_SCOPES = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef})


def _said(node: Any, kind: type[ast.AST]) -> str:
    """The name that a node mentions; with brackets behind, the one that it calls."""
    word = _WORD_OF.get(kind)
    if word is not None:
        return getattr(node, word) or ""
    if kind is ast.Call and type(node.func) is ast.Name:
        return node.func.id + "()"
    return ""


def _name_lambda(node: ast.AST, named: dict[ast.AST, str]) -> None:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        target = node.targets[0]
        if isinstance(target, ast.Name):
            named[node.value] = target.id


def _name_wrapped(node: ast.AST, aliases: list[tuple[str, set[str]]]) -> None:
    """Note ``step = jit(update)``, ``STEPS = {"sgd": update}``: who calls the one calls the other."""
    if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call | ast.Dict)):
        return
    target, calls, wrapped = node.targets[0], [node.value], set[str]()
    while calls:
        call = calls.pop()
        for value in call.args if isinstance(call, ast.Call) else call.values:
            if isinstance(value, ast.Name):
                wrapped.add(value.id)
            elif isinstance(value, ast.Call):
                calls.append(value)
    if wrapped and isinstance(target, ast.Name | ast.Attribute):
        aliases.append((target.id if isinstance(target, ast.Name) else target.attr, wrapped))


def _name_registry(node: ast.AST, scope: ast.AST, tables: set[str]) -> None:
    """Note ``TABLE[name] = function`` in a decorator, which returns the function: who asks it, calls."""
    match node:
        case ast.Assign(targets=[ast.Subscript(value=table)], value=ast.Name(id=name)):
            last = getattr(scope, "body", [None])[-1]
            if isinstance(last, ast.Return) and getattr(last.value, "id", "") == name:
                tables.add(getattr(table, "attr", getattr(table, "id", "")))
        case _:
            pass


def _decorators(node: ast.AST) -> list[ast.expr]:
    return node.decorator_list if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []


_KEEPS = frozenset({"jit", "pmap", "filter_jit", "cache", "lru_cache"})


def _remembers(decorator: ast.expr) -> bool:
    """Whether it keeps what a first call did: its computation, or its result."""
    return any(getattr(part, "id", getattr(part, "attr", "")) in _KEEPS for part in walk(decorator))


def _parameters(node: Any) -> list[str]:
    """The names of a function's parameters; of a class, none."""
    if isinstance(node, ast.ClassDef):
        return []
    return [p.arg for p in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]


def dotted_name(path: Path) -> tuple[str, Path]:
    """A file's module name and the folder that it is relative to."""
    parts = [path.stem] if path.stem != "__init__" else []
    folder = path.parent
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder


def _shown(path: str) -> str:
    """A path as findings name it: relative where it lies below the working directory."""
    here = os.getcwd() + os.sep
    return path[len(here) :] if path.startswith(here) else path


class Project:
    """Modules that a file may import from, read on demand."""

    def __init__(
        self,
        parse: Callable[[str], ast.Module | None],
        declare: Callable[[Unit], Scope],
        roots: tuple[str, ...] = (),
    ) -> None:
        self._parse = parse
        self._declare = declare
        self._own_roots = roots
        self._roots: tuple[str, ...] = roots
        self._paths: dict[str, str | None] = {}  # of the modules looked for from these roots
        self._scopes: OrderedDict[str, tuple[Scope | None, int]] = OrderedDict()
        self._mutated: dict[ast.AST, frozenset[str]] = {}
        self._size = 0
        self.busy: set[str] = set()
        self.concerned: dict[str, bool] = {}  # files, and whether they have to do with keys
        self.enabled = True

    def is_relevant(self, node: ast.AST) -> bool:
        """Whether reading a function can show anything about keys."""
        return getattr(node, "_relevant", True)

    def mutated(self, node: ast.ClassDef) -> frozenset[str]:
        """The attributes of `self` that methods other than initialisers set."""
        found = self._mutated.get(node)
        if found is None:
            found = self._mutated[node] = frozenset(
                part.attr
                for method in node.body
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
                and method.name not in ("__init__", "setup", "__post_init__")
                for part in walk(method)
                if isinstance(part, ast.Attribute)
                and isinstance(part.ctx, ast.Store)
                and isinstance(part.value, ast.Name)
                and part.value.id == "self"
            )
        return found

    def forget_classes(self) -> None:
        """Drop what was known of a file that has been read."""
        self._mutated.clear()

    def look_from(self, *roots: str) -> None:
        """Look for modules as a file does that is about to be read: beside it, then in the project.

        Each file has its own `utils`: what another found under a name does not count.
        """
        found = tuple(dict.fromkeys((*roots, *self._own_roots)))
        if found != self._roots:
            self._roots = found
            self._paths.clear()

    def scope_of(self, name: str) -> Scope | None:
        """The scope of a module of the project."""
        path = self.path_of(name)
        if path is None:
            return None
        if path in self._scopes:
            self._scopes.move_to_end(path)
            return self._scopes[path][0]
        if path in self.busy or len(self.busy) > 12:
            return None
        tree = self._parse(path)
        scope: Scope | None = None
        size = 0
        if tree is not None:
            self.busy.add(path)
            try:
                # by a name of its package, if it has one: relative imports count on it
                full = max(name, dotted_name(Path(path))[0], key=len)
                unit = Unit(_shown(path), full, tree, is_package=path.endswith("__init__.py"))
                scope = self._declare(unit)
                size = os.path.getsize(path)
            finally:
                self.busy.discard(path)
        self._scopes[path] = (scope, size)
        self._size += size
        while self._size > MAX_KEPT and len(self._scopes) > 1:
            _, (_, freed) = self._scopes.popitem(last=False)
            self._size -= freed
        return scope

    def path_of(self, name: str) -> str | None:
        """The file of a module of the project; None of a library's."""
        if not self.enabled or not name or name.partition(".")[0] in LIBRARIES:
            return None
        if name not in self._paths:
            self._paths[name] = self._find(name)
        return self._paths[name]

    def _find(self, name: str) -> str | None:
        relative = name.replace(".", os.sep)
        for root in self._roots:
            for candidate in (
                os.path.join(root, relative + ".py"),
                os.path.join(root, relative, "__init__.py"),
            ):
                if os.path.isfile(candidate):
                    return candidate
        return None

    def module_value(self, name: str) -> Value | None:
        """A module of the project as a value."""
        scope = self.scope_of(name)
        if scope is None:
            return None
        return Made("module", [], {}, scope.unit.tree, ModuleName(name), scope)

    def module_member(self, name: str) -> Value | None:
        """A name in a module of the project, or one of its submodules."""
        if not self.enabled or name.partition(".")[0] in LIBRARIES:
            return None
        base, _, member = name.rpartition(".")
        scope = self.scope_of(base) if base else None
        if scope is not None and member in scope.names:
            return scope.names[member]
        return self.module_value(name) if base or "." not in name else None

    def module_names(self, name: str) -> dict[str, Value]:
        """All public names of a module of the project."""
        scope = self.scope_of(name)
        return (
            {} if scope is None else {n: v for n, v in scope.names.items() if not n.startswith("_")}
        )
