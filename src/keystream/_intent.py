"""Intent in the program's own words: equal draws that are wanted."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager, nullcontext

from keystream.errors import ValueOutOfRangeError

SCOPE = "ks.common_random_numbers"  # of JAX's name stack: a plan and the audit read it there


@contextmanager
def common_random_numbers(reason: str) -> Generator[None, None, None]:
    """Declare that draws in the block repeat others on purpose: settings compared on the same numbers.

    The block runs as it would without: no bit changes. The audit books its repeated draws as excused,
    and lint is silent about them. The block may stand around the calls of compiled functions, or in
    a function that JAX traces.

    Args:
        reason: why the draws shall be equal, for those who read the program.

    Raises:
        ValueOutOfRangeError: the reason is empty (KS002).

    Example:
        ```python
        with keystream.common_random_numbers("both policies meet the same episodes"):
            gain = episode(policy, key) - episode(baseline, key)
        ```
    """
    if not reason.strip():
        raise ValueOutOfRangeError(
            f"common_random_numbers was given the reason {reason!r}, which says nothing",
            where="keystream.common_random_numbers",
            why="whoever reads the program can't tell a declared repetition from a mistake",
            fix='say why: with keystream.common_random_numbers("paired evaluation"): ...',
        )
    jax = sys.modules.get("jax")  # where it is not imported yet, nothing was drawn from its keys
    with jax.named_scope(SCOPE) if jax is not None else nullcontext():
        yield
