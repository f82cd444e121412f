"""The CPU lowerings of Threefry that benchmarks compare: JAX's own, ours, and the coming one."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from jax._src.interpreters.mlir import _platform_specific_lowerings
from jax.extend.random import threefry2x32_p

import keystream as ks


@contextmanager
def coming() -> Generator[None]:
    """The rounds written out everywhere: what JAX lowers to after its pull request 37872.

    It is the lowering that other platforms have already, so the CPU's own entry is taken out.
    """
    table = _platform_specific_lowerings["cpu"]
    former = table.pop(threefry2x32_p, None)
    try:
        yield
    finally:
        if former is not None:
            table[threefry2x32_p] = former


LOWERINGS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "as installed": nullcontext,
    "fused": ks.fuse_threefry,
    "coming": coming,
}
