"""Devices that draw from one replicated key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """Devices that draw from one replicated key."""
    for fact in module.seen("shared", tests=False):
        mapped, use = fact.data["mapped"], fact.data["use"]
        if mapped.kind == "vmap":
            continue
        drawn = use.chain[-1]
        yield finding(
            "KS301",
            "warning",
            drawn,
            message=f"{use.name} draws from {f'`{use.text}`' if use.text else 'a key'}, "
            f"which is the same on every device of the {mapped.kind} at line {fact.site.line}",
            why="all replicas draw the same numbers for different data",
            fix="fold the device into the key:\n"
            'key = jax.random.fold_in(key, jax.lax.axis_index("batch"))',
            related=(fact.site.location(f"the {mapped.kind}"),),
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS301 that the evidence of a run shows."""
    for found in verdicts(recording, "KS301"):
        what = found.facts["site"].distribution or "a draw"
        yield found.finding(
            f"{what} used one key on every replica",
            why="all devices drop the same units or add the same noise, so they explore less "
            "than they seem to",
            fix="fold in the position:\nkey = jax.random.fold_in(key, "
            "jax.lax.axis_index(axis_name))",
        )
