"""Names that libraries export again: each object is known by one of them, the canonical one."""

from __future__ import annotations

from functools import cache

_FUNCTIONS = {
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
    "equinox.nn._attention": "equinox.nn",
    "equinox.nn._conv": "equinox.nn",
    "equinox.nn._dropout": "equinox.nn",
    "equinox.nn._embedding": "equinox.nn",
    "equinox.nn._linear": "equinox.nn",
    "equinox.nn._mlp": "equinox.nn",
    "equinox.nn._rnn": "equinox.nn",
    "equinox.nn._stateful": "equinox.nn",
    "flax.experimental.nnx": "flax.nnx",
    "flax.linen.initializers": "jax.nn.initializers",
    "flax.linen.module": "flax.linen",
    "flax.linen.stochastic": "flax.linen",
    "flax.nnx.initializers": "jax.nn.initializers",
    "flax.nnx.nn.attention": "flax.nnx",
    "flax.nnx.nn.linear": "flax.nnx",
    "flax.nnx.nn.recurrent": "flax.nnx",
    "flax.nnx.nn.stochastic": "flax.nnx",
    "flax.nnx.rnglib": "flax.nnx",
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
