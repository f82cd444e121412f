"""Where the library leans on what JAX does not promise; every use is checked, with a way out.

Tested with JAX 0.9, 0.10, 0.11 and 0.12. One other module uses JAX's internals, `_jax_door`, through
which the audit sees what runs; `tests/core/test_internals.py` holds that there is no third.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import jaxpr_as_fun

try:
    from jax.experimental.xla_metadata import set_xla_metadata as _set_xla_metadata
except ImportError:
    _set_xla_metadata = None

# The versions of JAX whose lowering of Threefry `replace_threefry` was tested with.
LOWERINGS_TESTED = ((0, 9), (0, 10), (0, 11), (0, 12))


@lru_cache(maxsize=16)
def key_wrapper(impl: str) -> Callable[[jax.Array], jax.Array]:
    """A fast ``jax.random.wrap_key_data`` for concrete words that are known to be right.

    A typed key is a plain Python object around its words. Its constructor checks the words again and
    ``wrap_key_data`` dispatches a primitive besides, 2 and 8 microseconds a key; setting the same
    attributes on a new object takes 0.25. Where the object is not built as expected, the public
    function is used.

    Args:
        impl: the key implementation.

    Returns:
        A function from uint32 words, concrete and of the implementation's shape, to a typed key.
    """
    with jax.ensure_compile_time_eval():
        words = jnp.zeros_like(jax.random.key_data(jax.random.key(0, impl=impl)))
        key: Any = jax.random.wrap_key_data(words, impl=impl)
    cls, state = type(key), dict(getattr(key, "__dict__", {}))
    if state.pop("_base_array", None) is not words or state.keys() != {"_impl", "_consumed"}:
        return partial(jax.random.wrap_key_data, impl=impl)
    new, implementation = object.__new__, state["_impl"]

    def wrap(words: jax.Array) -> jax.Array:
        key = new(cls)
        key._impl = implementation
        key._consumed = False
        key._base_array = words
        return key

    return wrap


def outlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """A jitted function that XLA:CPU compiles once, as a call of its own.

    Inlined, it would be copied into each fusion that reads its result, two to four times a dropout
    site, and run again in each. XLA:GPU fuses nothing inside such a call, so there, as on every other
    platform, the function stays inline. The attribute is XLA's own and promised by nobody: without
    it, or without JAX's way to set it, results are the same and only slower.

    Args:
        function: of arrays.

    Returns:
        A function of the same arrays.
    """
    compiled = jax.jit(function, inline=False)
    if _set_xla_metadata is None:
        return compiled
    set_attribute = _set_xla_metadata

    def call(*arrays: Any) -> Any:
        # A jaxpr of one equation, the call: both branches repeat it, and the function is traced once.
        traced, shapes = jax.make_jaxpr(compiled, return_shape=True)(*arrays)
        one_call = jaxpr_as_fun(traced)

        def on_cpu(*arrays: Any) -> list[Any]:
            with set_attribute(inlineable="false"):
                return one_call(*arrays)

        results = lax.platform_dependent(*arrays, cpu=on_cpu, default=one_call)
        return jax.tree.unflatten(jax.tree.structure(shapes), results)

    return call


def threefry_is_rolled() -> bool:
    """Whether JAX, as it is now, lowers Threefry to a loop on the CPU: read off what it lowers."""
    words, draws = jax.ShapeDtypeStruct((2,), jnp.uint32), (64,)

    def draw(words: jax.Array) -> jax.Array:  # a new function each time, so that no cache answers
        key = jax.random.wrap_key_data(words, impl="threefry2x32")
        return jax.random.bits(key, draws, jnp.uint32)

    lowered = jax.jit(draw).trace(words).lower(lowering_platforms=("cpu",))
    return "stablehlo.while" in lowered.as_text()


def replace_threefry(block: Callable[..., Any], least: int) -> Callable[[], None] | None:
    """Replace JAX's CPU lowering of the primitive ``threefry2x32``, for all that is lowered after.

    The table of lowerings is JAX's own, one a process. Entries are public to make, through
    ``jax.interpreters.mlir``, but not to read, which restoring the former one needs.

    Args:
        block: of two key words and two counter words, the two words of the output.
        least: how many elements an array must have to be hashed by `block`; smaller ones stay JAX's.

    Returns:
        What puts the former entry back, unless another has been made meanwhile; or None where this
        JAX's table is not one that was tested.
    """
    try:
        from jax._src.interpreters import mlir as internal  # noqa: PLC0415
        from jax.extend.random import threefry2x32_p  # noqa: PLC0415
        from jax.interpreters import mlir  # noqa: PLC0415

        table: Any = vars(internal)["_platform_specific_lowerings"]["cpu"]
        former, by_block = table[threefry2x32_p], mlir.lower_fun(block, multiple_results=True)
        if jax.__version_info__[:2] not in LOWERINGS_TESTED or not callable(former.rule):
            return None
    except (ImportError, AttributeError, KeyError):
        return None

    def rule(context: Any, *operands: Any) -> Any:
        sizes = context.avals_out[0].shape
        known = all(isinstance(size, int) for size in sizes)
        small = known and math.prod(sizes) < least
        return (former.rule if small else by_block)(context, *operands)

    mlir.register_lowering(threefry2x32_p, rule, platform="cpu")
    ours = table[threefry2x32_p]

    def restore() -> None:
        if table.get(threefry2x32_p) is ours:
            table[threefry2x32_p] = former

    return restore


def coordination_client() -> Any | None:
    """The client of JAX's coordination service, through which processes exchange short texts.

    JAX offers collectives for that, which hang where a process is missing; Orbax uses the client too.

    Returns:
        The client that ``jax.distributed.initialize`` connected; None without it.
    """
    from jax._src import distributed  # noqa: PLC0415  # only where processes are checked

    return getattr(getattr(distributed, "global_state", None), "client", None)
