"""The one place that leans on what JAX does not promise; every use is checked, with a way out.

Tested with JAX 0.9, 0.10 and 0.12. Nothing else in the package may touch JAX's internals.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

try:
    from jax.experimental.xla_metadata import set_xla_metadata as _set_xla_metadata
except ImportError:
    _set_xla_metadata = None


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

    def on_cpu(*arrays: Any) -> Any:
        with set_attribute(inlineable="false"):
            return compiled(*arrays)

    def call(*arrays: Any) -> Any:
        return lax.platform_dependent(*arrays, cpu=on_cpu, default=compiled)

    return call
