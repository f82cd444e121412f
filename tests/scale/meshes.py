"""Meshes of the eight CPU devices, and what collectives a compiled module holds."""

import re

import jax
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

COLLECTIVE = re.compile(
    r"= \S+ (all-reduce|all-gather|all-to-all|collective-permute|collective-broadcast|"
    r"reduce-scatter|ragged-all-to-all)(?:-start)?\("
)


def mesh_of(**axes):
    """A mesh such as ``mesh_of(data=4, model=2)``."""
    count = 1
    for size in axes.values():
        count *= size
    return jax.make_mesh(
        tuple(axes.values()),
        tuple(axes),
        axis_types=(AxisType.Auto,) * len(axes),
        devices=jax.devices()[:count],
    )


def put(mesh, x, *spec):
    return jax.device_put(x, NamedSharding(mesh, P(*spec)))


def collectives(function, *arguments):
    """The collectives of the module that XLA made of a function."""
    return COLLECTIVE.findall(jax.jit(function).lower(*arguments).compile().as_text())
