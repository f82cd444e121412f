"""Loops that go on from a restored step with a chain of keys that begins at the seed."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from keystream._lint.symbols import (
    Attribute,
    Called,
    CalledMethod,
    Child,
    Constant,
    Opaque,
    Parameter,
    Seed,
    Symbol,
    Value,
)
from keystream._lint.values import root_of
from keystream._lint.walking import walk

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_RESTORED = re.compile(
    r"(?:^|[_. ])(?:re)?load(?:s|ed)?(?:$|[_. ](?!data|train|test|mnist|cifar))|restor|resum|ckpt|"
    r"checkpoint|latest_step|from_bytes"
)
_SAID = re.compile(r"resum|restor|loaded|ckpt|checkpoint")


def check_resumed(
    reader: Reader, node: ast.For | ast.AsyncFor | ast.While, start: list[Value]
) -> None:
    """A loop over steps ended: did it go on from a restored step with a chain from the seed?"""
    restored = next(filter(None, map(_restored, start)), None)
    words = ast.unparse(node.iter if not isinstance(node, ast.While) else node.test).lower()
    said = bool(start) and bool(_SAID.search(words))
    if restored is None and not said:
        return
    for name, key in reader.scope.names.items():
        if not isinstance(key, Child) or not isinstance(root_of(key), Seed):
            continue
        part: Symbol = key
        depth = 0
        while isinstance(part, Child) and not part.index.tags:
            if any(
                turn.node is node
                for kind, site in reader.routes.get(part, ())
                if kind == "split"
                for turn in site.turns
            ):
                depth += 1
            if not isinstance(part.index, Constant):
                break
            part = part.key
        sites = [site for kind, site in reader.routes.get(root_of(key), ()) if kind == "seed"]
        if depth >= 2 and isinstance(part, Seed) and stored_in(node, name):
            reader.fact("resumed", node, seed=sites[0] if sites else None, restored=restored)
            return


def _restored(start: Value, depth: int = 0) -> Symbol | None:
    """The part of a loop's first step that comes from a checkpoint."""
    if not isinstance(start, Symbol) or depth > 8:
        return None
    if isinstance(start, Opaque | Attribute | Called | CalledMethod | Parameter):
        words = " ".join(part for part in start.args[:2] if isinstance(part, str)).lower()
        if _RESTORED.search(words):
            return start
    for part in start.args:
        found = _restored(part, depth + 1) if isinstance(part, Symbol) else None
        if found is not None:
            return found
    return None


def stored_in(node: ast.AST, name: str) -> bool:
    """Whether a loop rebinds a name."""
    return any(
        isinstance(part, ast.Name) and part.id == name and isinstance(part.ctx, ast.Store)
        for part in walk(node)
    )
