"""Names that libraries export again: each object is known by one of them, the canonical one."""

from __future__ import annotations

from functools import cache

_FUNCTIONS = {
    "equinox.nn._dropout.Dropout": "equinox.nn.Dropout",
    "jax.ad_checkpoint.checkpoint": "jax.checkpoint",
    "jax.experimental.pjit.pjit": "jax.jit",
    "jax.experimental.shard_map.shard_map": "jax.shard_map",
    "jax.lax.pmap": "jax.pmap",
    "jax.pjit": "jax.jit",
    "jax.random.PRNGKeyArray": "jax.Array",
    "jax.tree_map": "jax.tree.map",
    "jax.tree_util.tree_map": "jax.tree.map",
    "optax.tree_utils.tree_map": "jax.tree.map",
}
_MODULES = {
    "flax.experimental.nnx": "flax.nnx",
    "flax.linen.initializers": "jax.nn.initializers",
    "flax.linen.module": "flax.linen",
    "flax.nnx.initializers": "jax.nn.initializers",
    "jax._src.random": "jax.random",
    "jax.experimental.maps": "jax",
    "keras.src": "keras",
    "numpy.random.mtrand": "numpy.random",
    "tensorflow.keras": "keras",
}


@cache
def canonical(name: str) -> str:
    """The name under which a library's object is known here."""
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    module, rest = name, ""
    while module:
        if module in _MODULES:
            return canonical(_MODULES[module] + rest)
        module, _, last = module.rpartition(".")
        rest = f".{last}{rest}"
    return name
