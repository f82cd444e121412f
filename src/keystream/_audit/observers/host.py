"""Randomness of the host while JAX traces: NumPy's, Python's, the clock's. Traced once, it is frozen."""

from __future__ import annotations

import functools
import os
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from keystream import _jax_door as door
from keystream._audit.observers import replace

_NUMPY = (
    "normal", "uniform", "rand", "randn", "random", "random_sample", "randint", "choice", "permutation",
    "shuffle", "binomial", "poisson", "exponential", "gamma", "beta", "standard_normal",
    "multivariate_normal", "laplace", "dirichlet", "multinomial", "bytes", "ranf", "sample",
)  # fmt: skip
_PYTHON = (
    "random",
    "uniform",
    "gauss",
    "normalvariate",
    "randint",
    "randrange",
    "choice",
    "choices",
    "shuffle",
    "sample",
    "getrandbits",
)
_GENERATOR = (
    "normal", "uniform", "random", "integers", "choice", "permutation", "permuted", "shuffle",
    "binomial", "poisson", "exponential", "gamma", "beta", "standard_normal", "multivariate_normal",
    "laplace", "dirichlet",
)  # fmt: skip


def install(recorder: Any, undo: list[Callable[[], None]]) -> None:
    """Observe the host's randomness until the audit ends."""
    for owner, names, what in ((np.random, _NUMPY, "numpy.random"), (random, _PYTHON, "random")):
        for name in names:
            if hasattr(owner, name):
                replace(
                    owner, name, _watched(recorder, f"{what}.{name}", getattr(owner, name)), undo
                )
    for owner, name in ((time, "time"), (time, "time_ns"), (time, "perf_counter"), (os, "urandom")):
        replace(
            owner, name, _watched(recorder, f"{owner.__name__}.{name}", getattr(owner, name)), undo
        )
    replace(np.random, "default_rng", _default_rng(recorder, np.random.default_rng), undo)


def _watched(recorder: Any, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call, updated=())
    def observed(*args: Any, **kwargs: Any) -> Any:
        if door.is_tracing():
            recorder.host(name)
        return call(*args, **kwargs)

    return observed


def _default_rng(recorder: Any, make: Callable[..., Any]) -> Callable[..., Any]:
    """Generators of a class of their own, whose methods are those of NumPy and say when JAX traces."""

    def method(name: str) -> Callable[..., Any]:
        call = getattr(np.random.Generator, name)

        @functools.wraps(call, updated=())
        def observed(self: Any, *args: Any, **kwargs: Any) -> Any:
            if door.is_tracing():
                recorder.host(f"numpy.random.Generator.{name}")
            return call(self, *args, **kwargs)

        return observed

    body = {name: method(name) for name in _GENERATOR}
    body["__reduce__"] = lambda self: np.random.Generator(self.bit_generator).__reduce__()
    watched = type("Generator", (np.random.Generator,), body)

    @functools.wraps(make, updated=())
    def default_rng(seed: Any = None) -> Any:
        recorder.note("generator", depth=2)  # where it is made, that its source be read
        made = make(seed)
        return watched(made.bit_generator) if type(made) is np.random.Generator else made

    return default_rng
