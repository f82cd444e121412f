"""Programs for the exercise: the right one, and those that a mistake makes of it.

A `Program` is the exercise as steps, each a small function; a mistake replaces some of them. The
models below are `DropoutModel` with one thing done otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from keystream._exercise.cases import Case
from keystream.dropout_model import DropoutModel

Values = npt.NDArray[np.float64]
Step = Callable[..., Any]


def seed_key(case: Case) -> jax.Array:
    """The key of the stream ``params``."""
    return jax.random.PRNGKey(int(case.seed))


def dropout_key(case: Case) -> jax.Array:
    """The key of the stream ``dropout``."""
    return jax.random.PRNGKey(int(case.dropout_seed))


def flag(deterministic: float) -> bool:
    """What the flag means."""
    return deterministic >= 0.5


def model(rate: float) -> nn.Module:
    """The model of the exercise."""
    return DropoutModel(rate)


@dataclass(frozen=True)
class Program:
    """The exercise's steps.

    Args:
        params_key: case -> the key that `init` makes the weights from.
        mask_key: case -> the key that `apply` draws the mask from.
        flag: number -> the flag that `apply` gets.
        model: rate -> a Linen module that is called with the input and the flag.
    """

    params_key: Callable[[Case], jax.Array] = seed_key
    mask_key: Callable[[Case], jax.Array] = dropout_key
    flag: Callable[[float], bool] = flag
    model: Callable[[float], nn.Module] = model

    def with_steps(self, steps: Mapping[str, Step]) -> Program:
        """The program with some steps replaced, by their names."""
        return replace(self, **steps)

    def run(self, case: Case) -> Values:
        """The output for a case, shape ``(n,)``; not to be written to."""
        return _output(self, case)

    def compute(self, case: Case) -> Values:
        """`run`, from scratch."""
        x = jnp.asarray(case.x, jnp.float32)
        mask_key = self.mask_key(case)
        model = self.model(case.drop_rate)
        variables = model.init({"params": self.params_key(case), "dropout": mask_key}, x, False)
        y = model.apply(variables, x, self.flag(case.deterministic), rngs={"dropout": mask_key})
        return np.asarray(y, np.float64)


# What every case comes to when nothing is dropped.
EVALUATION = Program(flag=lambda deterministic: True)


@cache  # a search for mistakes asks for the same outputs again and again
def _output(program: Program, case: Case) -> Values:
    return program.compute(case)


# Steps done otherwise; the table of mistakes puts them together.


def split_seed_key(index: int) -> Callable[[Case], jax.Array]:
    """A key that ``split(PRNGKey(seed), n)`` makes; of 2 the keys are the first of those of 3."""
    return lambda case: jax.random.split(seed_key(case), 3)[index]


def split_dropout_key(index: int) -> Callable[[Case], jax.Array]:
    """The same of ``dropout_seed``."""
    return lambda case: jax.random.split(dropout_key(case), 3)[index]


def cast_seed_key(cast: Callable[[float], int]) -> Callable[[Case], jax.Array]:
    """`seed_key`, with another cast than `int`."""
    return lambda case: jax.random.PRNGKey(cast(case.seed))


def cast_dropout_key(cast: Callable[[float], int]) -> Callable[[Case], jax.Array]:
    """`dropout_key`, with another cast than `int`."""
    return lambda case: jax.random.PRNGKey(cast(case.dropout_seed))


def keep_rate_model(rate: float) -> nn.Module:
    """The model, given the probability of keeping where that of dropping belongs."""
    return DropoutModel(1.0 - rate)


class DropoutFirst(nn.Module):
    """Dropout before the dense layer."""

    drop_rate: float

    @nn.compact
    def __call__(self, x: jax.Array, deterministic: bool) -> jax.Array:
        """Run the layers in the wrong order."""
        kept = cast("jax.Array", nn.Dropout(self.drop_rate, deterministic=deterministic)(x))
        return nn.Dense(x.shape[-1])(kept)


class DropoutOnly(nn.Module):
    """No dense layer."""

    drop_rate: float

    @nn.compact
    def __call__(self, x: jax.Array, deterministic: bool) -> jax.Array:
        """Run dropout on the input itself."""
        return cast("jax.Array", nn.Dropout(self.drop_rate, deterministic=deterministic)(x))


class WithRelu(nn.Module):
    """An activation that nobody asked for."""

    drop_rate: float

    @nn.compact
    def __call__(self, x: jax.Array, deterministic: bool) -> jax.Array:
        """Run the layers with a ReLU between them."""
        x = nn.relu(nn.Dense(x.shape[-1])(x))
        return cast("jax.Array", nn.Dropout(self.drop_rate, deterministic=deterministic)(x))
