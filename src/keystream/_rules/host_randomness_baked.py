"""Host randomness or a clock inside a compiled function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from keystream._audit.verdicts import verdicts
from keystream._findings import Finding
from keystream._lint.module import Module, finding

if TYPE_CHECKING:
    from keystream._audit.recording import Recording


def read(module: Module) -> Iterator[Finding]:
    """Host randomness or a clock inside a compiled function."""
    for fact in module.seen("host_in_jit"):
        around = fact.data["around"]
        name = fact.data["name"].replace("numpy.", "np.", 1)
        clock = name.startswith(("time.", "datetime."))
        yield finding(
            "KS501",
            "error",
            fact.site,
            message=f"{name}() is called inside "
            + (
                f"the function that is compiled at line {around.line}"
                if fact.data["compiled"]
                else f"the loop of JAX at line {around.line}"
            ),
            why=(
                "the clock is read once, while JAX traces, and its value is frozen into the program"
                if clock
                else "it runs once, while JAX traces: every later call repeats the same numbers"
            ),
            fix="draw with JAX, from a key that is an argument:\n"
            "noise = jax.random.normal(key, x.shape)"
            if not clock
            else "read the clock outside and pass the value in",
        )


def recorded(recording: Recording) -> Iterator[Finding]:
    """The mistakes of KS501 that the evidence of a run shows."""
    for found in verdicts(recording, "KS501"):
        yield found.finding(
            f"{found.facts['name']} ran while JAX traced the function",
            why="it ran once: every call of the compiled function uses the same number",
            fix="draw with JAX, from a key that is an argument:\njax.random.normal(key, shape)",
        )
