"""Whether names say that equal draws are wanted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from keystream._lint.facts import Repeat, Site

# Words at the start of a part of a name, by which people say that equal draws are wanted.
_PLACES = re.compile(
    r"(?:^|_|\b)(?:eval|valid|test|debug|plot|visuali|display|profil|bench|warm|timeit|compare|verify|baseline|"
    r"reproduc|replay|determin|check|assert|sanity)",
    re.IGNORECASE,
)
KEYS = re.compile(
    r"(?:^|_|\b)(?:eval|valid|val|test|debug|plot|preview|fixed|static|same|shared|common|crn|paired|target|clone|replay)",
    re.IGNORECASE,
)
# A copy that begins as the original does.
COPIES = re.compile(
    r"(?:^|_|\b)(?:target(?!s)|ema|teacher|frozen|slow|old|copy|reference)", re.IGNORECASE
)
# Loops over settings that are compared from one start.
SETTINGS = re.compile(
    r"(?:^|_|\b)(?:lr|learning|rate|cfg|config|optim|opt|tx|method|model|arch|act|activation|width|depth|"
    r"size|dim|hyper|alpha|beta|gamma|kind|impl|dtype|solver|algo|kernel|variant|setting|option|strategy)",
    re.IGNORECASE,
)


def meant(repeat: Repeat) -> bool:
    """Whether names say that equal draws are wanted."""
    for use in (repeat.first, repeat.second):
        called = len(use.chain) > repeat.level + 1 or use.kind != "draw"
        if called and repeat.turn is None and COPIES.search(use.chain[repeat.level].target):
            return True
        for site in use.chain[repeat.level :]:
            if _PLACES.search(site.function.rpartition(".")[2]) or _PLACES.search(
                site.text.rpartition(".")[2]
            ):
                return True
        if KEYS.search(use.text) or any(
            map(KEYS.search, _keys_given(use.chain[repeat.level].node))
        ):
            return True
    return False


def _keys_given(node: ast.AST) -> Iterable[str]:
    """The names of keys among the arguments of a call."""
    if isinstance(node, ast.Call):
        for value in (*node.args, *(keyword.value for keyword in node.keywords)):
            name = (
                value.id
                if isinstance(value, ast.Name)
                else value.attr
                if isinstance(value, ast.Attribute)
                else ""
            )
            if "key" in name or "rng" in name:
                yield name


_COMPARES = re.compile(r"assert|equal|close|compare|identical|same|diff|match", re.IGNORECASE)


def compared(first: Site, second: Site) -> bool:
    """Whether the results of two calls are compared, or one is thrown away."""
    if isinstance(first.statement, ast.Expr) and first.statement is not second.statement:
        return True  # a first call to compile, say
    if first.statement is not None and first.statement is second.statement:
        return _compares(first.statement)
    names = {first.target, second.target}
    if "" in names or len(names) < 2 or first.around is None:
        return False
    for node in ast.walk(first.around):
        if isinstance(node, ast.Assert | ast.Call | ast.Compare) and _compares(node):
            mentioned = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            if names <= mentioned:
                return True
    return False


def _compares(node: ast.AST) -> bool:
    return any(
        isinstance(part, ast.Assert | ast.Compare)
        or (
            isinstance(part, ast.Call)
            and bool(_COMPARES.search(getattr(part.func, "attr", getattr(part.func, "id", ""))))
        )
        for part in ast.walk(node)
    )
