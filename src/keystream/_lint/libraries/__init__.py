"""What calls of libraries do to keys: one module a library. Importing this package registers all."""

from keystream._lint.libraries import (
    equinox,
    haiku,
    host,
    keras,
    lifted,
    linen,
    loops,
    nnx,
    numpyro,
    plain,
    random,
    streams,
    train_states,
    transforms,
)

__all__ = [
    "equinox",
    "haiku",
    "host",
    "keras",
    "lifted",
    "linen",
    "loops",
    "nnx",
    "numpyro",
    "plain",
    "random",
    "streams",
    "train_states",
    "transforms",
]
