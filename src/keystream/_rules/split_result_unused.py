"""A split whose keys nobody takes."""

from __future__ import annotations

from collections.abc import Iterator

from keystream._findings import Finding
from keystream._lint.module import Module, finding


def read(module: Module) -> Iterator[Finding]:
    """A split whose keys nobody takes."""
    for fact in module.seen("split_discarded", tests=False):
        yield finding(
            "KS107",
            "error",
            fact.site,
            message="the keys that jax.random.split returns are thrown away",
            why="split changes nothing in place: the old key goes on being used, and repeats "
            "its draws",
            fix="take what it returns:\nkey, subkey = jax.random.split(key)",
        )
