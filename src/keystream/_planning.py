"""`plan`: a call traced, and its draws judged as an audit would judge them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax

from keystream._evidence.uses import Stack
from keystream._findings import Finding, Location
from keystream._plan import arguments
from keystream._plan.analysis import analyse
from keystream._plan.arguments import Arguments
from keystream._plan.derivations import Names
from keystream._plan.plan import Plan
from keystream._plan.site import Made, Site
from keystream.errors import ValueOutOfRangeError

__all__ = ["plan"]


def plan(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Plan:
    """List every draw that a call would make, whichever library makes it, without making it.

    The function is traced, not run. Arrays among the arguments are traced (``jax.ShapeDtypeStruct``
    serves as well), and Python's numbers where the function allows that; everything else is static.

    Args:
        function: any function that JAX can trace, jitted or not, such as a training step or
            ``model.apply``.
        args: of the call.
        kwargs: of the call.

    Returns:
        The plan of this program. It holds no array.

    Raises:
        ValueOutOfRangeError: KS002, what is given is not a function.
        Exception: whatever tracing the function raises.

    Example:
        >>> import jax
        >>> import keystream as ks
        >>> def noisy(x, key):
        ...     return x + jax.random.normal(jax.random.fold_in(key, 7), x.shape)
        >>> plan = ks.plan(noisy, jax.numpy.ones(3), jax.random.key(0))
        >>> [(site.distribution, site.shape, site.stream) for site in plan.draws]
        [('normal', (3,), 'key')]
        >>> " -> ".join(str(step) for step in plan.draws[0].derivation)
        'key -> fold_in(7)'
        >>> plan.bits
        96
    """
    if not callable(function):
        shown = " ".join(repr(function).split())
        raise ValueOutOfRangeError(
            f"{type(function).__name__} {shown:.60} is not a function",
            where="ks.plan",
            why="a plan is of a call that is not made: of a function, and the arguments after it",
            fix="ks.plan(step, params, x, key), in place of ks.plan(step(params, x, key))",
        )
    given = arguments.read(function, args, kwargs, numbers=True)
    try:
        closed = _trace(function, given)
    except Exception:
        static = arguments.read(function, args, kwargs, numbers=False)
        if static.traced == given.traced:
            raise
        given, closed = static, _trace(function, static)
    names = Names(given.names, given.streams, given.tags)
    return Plan(
        _named(function), given, analyse(closed, names=names), partial(_judge, _defined(function))
    )


def _trace(function: Callable[..., Any], given: Arguments) -> Any:
    def traced(*arrays: Any) -> Any:
        return [leaf for leaf in jax.tree.leaves(given.call(function, arrays)) if _is_array(leaf)]

    return jax.make_jaxpr(traced)(*given.arrays)


def _is_array(leaf: Any) -> bool:
    return arguments.is_traced(leaf, numbers=True)


def _named(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _defined(function: Callable[..., Any]) -> Stack:
    """Where a function is defined, if that is in a file."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return (Location(code.co_filename, code.co_firstlineno, 0, ""),) if code is not None else ()


def _judge(
    defined: Stack, name: str, sites: Sequence[Site], makings: Sequence[Made]
) -> tuple[Finding, ...]:
    from keystream._audit.judge import findings_of  # noqa: PLC0415 - a plan that is only shown needs no judge
    from keystream._audit.planned import recording_of  # noqa: PLC0415
    from keystream._rules import rules, verdict  # noqa: PLC0415

    return findings_of(recording_of(name, defined, sites, makings), rules("recorded"), verdict)
