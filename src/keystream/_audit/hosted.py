"""Randomness that is not JAX's: frozen into compiled programs, or at the root of seeds."""

from __future__ import annotations

import ast
import os

from keystream._audit.judged import Judged, distinct
from keystream._audit.recording import Recording
from keystream._evidence.pairs import Pair
from keystream._evidence.source import called, source_of, statement
from keystream._evidence.uses import Site
from keystream._findings import Location

_CLOCKS = {
    "time",
    "time_ns",
    "perf_counter",
    "perf_counter_ns",
    "monotonic",
    "now",
    "utcnow",
    "timestamp",
}
_ENTROPY = {
    "urandom",
    "token_bytes",
    "randbits",
    "token_hex",
    "uuid1",
    "uuid4",
    "getpid",
    "SystemRandom",
}
_UNSEEDED = {
    "randint",
    "random",
    "rand",
    "randrange",
    "getrandbits",
    "integers",
    "default_rng",
    "choice",
}
_TAKERS = {
    "key",
    "PRNGKey",
    "fold_in",
    "seed",
    "Rngs",
    "PRNGSequence",
    "SeedGenerator",
    "Streams",
    "RngStream",
    "set_random_seed",
}


def baked(recording: Recording) -> list[Judged]:
    """The host's randomness asked for while JAX traced: a constant of the compiled program."""
    found: dict[object, Judged] = {}
    for note in recording.notes:
        if note.kind != "host" or not note.frames:
            continue
        name = note.fields["name"]
        if name.startswith("time."):
            continue  # a clock read while tracing times the tracing; only seeds made of it matter
        place = note.frames[0]
        found.setdefault(
            (place.path, place.line),
            Judged("KS501", "error", distinct(note.frames), facts={"name": name}, count=note.count),
        )
    return list(found.values())


def unrepeatable(recording: Recording) -> list[Judged]:
    """Seeds and folded numbers that differ from run to run."""
    found: dict[object, Judged] = {}
    for site in recording.sites:
        if site.kind not in ("seed", "fold_in") or not site.stack:
            continue
        source = _entropy_of(site)
        if source is None:
            continue
        place, what = source
        severity = "error" if what.startswith("hash") else "warning"
        judged = Judged("KS502", severity, distinct((place, *site.stack)), facts={"what": what})
        found.setdefault((place.path, place.line), judged)
    return list(found.values())


def _entropy_of(site: Site) -> tuple[Location, str] | None:
    """The user's line and the call that makes a seed differ between runs."""
    for place in site.stack[:3]:
        node = statement(place)
        if node is None:
            continue
        for call in (each for each in ast.walk(node) if isinstance(each, ast.Call)):
            spans = call.lineno <= place.line <= (call.end_lineno or call.lineno)
            if not spans or (called(call.func) not in _TAKERS and place is site.stack[0]):
                continue
            for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
                what = _entropy(argument, node, 4, place.path)
                if what and not _reported(argument, node, place.path):
                    return place, what
    return None


def _entropy(node: ast.AST, at: ast.AST, depth: int, path: str) -> str:
    """The unrepeatable call inside an expression, followed through names and local functions."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            what = _source(inner, path)
            if what:
                return what
            if depth and isinstance(inner.func, ast.Name):
                what = _returned(inner.func.id, depth, path)
                if what:
                    return what
        if depth and isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
            value = _bound(inner.id, at, path)
            if value is not None and value is not node:
                what = _entropy(value, at, depth - 1, path)
                if what:
                    return what
    return ""


def _source(call: ast.Call, path: str) -> str:
    name, text = called(call.func), ast.unparse(call.func)
    if (name in _CLOCKS and ("time" in text or "date" in text)) or name in _ENTROPY:
        return f"{text}()"
    if name == "hash" and isinstance(call.func, ast.Name) and call.args and _salted(call.args[0]):
        return "hash()"
    if name in _UNSEEDED and _is_host(text) and not _seeded(call, text, path):
        return f"{text}()"
    return ""


def _salted(argument: ast.AST) -> bool:
    """Whether ``hash`` of it differs between processes: it does for text, not for numbers."""
    fixed = os.environ.get("PYTHONHASHSEED", "random") not in ("", "random")
    return not fixed and not (
        isinstance(argument, ast.Constant) and not isinstance(argument.value, (str, bytes))
    )


def _is_host(text: str) -> bool:
    return (
        text.startswith(("np.random.", "numpy.random.", "random.", "secrets.", "onp.random."))
        and "jax" not in text
    )


def _seeded(call: ast.Call, text: str, path: str) -> bool:
    if text.endswith("default_rng"):
        return bool(call.args or call.keywords)
    source = source_of(path)
    if source is None:
        return True
    owner = text.rsplit(".", 1)[0]
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func) == f"{owner}.seed" and node.args
        for node in ast.walk(source.tree)
    )


def _bound(name: str, at: ast.AST, path: str) -> ast.AST | None:
    """The expression last assigned to a name before a statement, in its function or module."""
    for scope in _scopes(at, path):
        values = [
            node
            for node in ast.walk(scope)
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
            and any(isinstance(t, ast.Name) and t.id == name for t in _targets(node))
            and node.lineno <= getattr(at, "lineno", 0)
        ]  # fmt: skip
        if values:
            return values[-1].value
    return None


def _scopes(at: ast.AST, path: str) -> list[ast.AST]:
    """The functions around a statement, innermost first, then its module."""
    source = source_of(path)
    around = source.around(at) if source is not None else ()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Module)
    return [each for each in around if isinstance(each, kinds)]


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.AST]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [inner for target in targets for inner in ast.walk(target)]


def _returned(name: str, depth: int, path: str) -> str:
    source = source_of(path)
    for node in ast.walk(source.tree) if source is not None else ():
        if isinstance(node, ast.FunctionDef) and node.name == name:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    what = _entropy(inner.value, inner, depth - 1, path)
                    if what:
                        return what
    return ""


def _reported(argument: ast.AST, at: ast.AST, path: str) -> bool:
    """Whether the program prints or logs the seed: then the run can be repeated with it."""
    names = {node.id for node in ast.walk(argument) if isinstance(node, ast.Name)}
    scopes = _scopes(at, path)
    for node in ast.walk(scopes[0]) if scopes and names else ():
        if isinstance(node, ast.Call) and called(node.func) in {
            "print",
            "info",
            "warning",
            "log",
            "debug",
            "write",
            "dump",
        }:
            used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            if used & names:
                return True
    return False


def legacy(recording: Recording) -> list[Judged]:
    """Keys made by ``PRNGKey``: arrays of plain numbers that nothing protects."""
    places = tuple(
        site.stack[0]
        for site in recording.sites
        if site.kind == "seed" and site.distribution == "PRNGKey" and site.stack
    )
    return [Judged("KS105", "note", distinct(places), count=len(places))] if places else []


def unseen(recording: Recording) -> list[Judged]:
    """What the audit could not look into, and repeated draws that it can't explain."""
    unexplained = recording.evidence["repeats"]
    found = _unexplained(unexplained.accounts.unexplained, unexplained.unexplained)
    if not recording.unseen:
        return found
    return [
        *found,
        Judged(
            "KS902",
            "note",
            facts={"reasons": dict(recording.unseen)},
            count=sum(recording.unseen.values()),
        ),
    ]


def _unexplained(count: int, pairs: list[Pair]) -> list[Judged]:
    if not count:
        return []
    places = tuple(
        place for pair in pairs for place in (*pair.second.at.stack, *pair.first.at.stack)
    )
    facts = {"reasons": {}, "unexplained": count}
    return [Judged("KS902", "warning", distinct(places), facts=facts, count=count)]
