"""The one door through which the audit sees what JAX runs: every compiled call, every eager draw.

Nothing is read out of a compiled program and nothing in it changes. Three tables of JAX are replaced
while the door is open, for all threads, and put back when it closes:

- ``jit``: JAX answers repeated calls in C++. The entries of that cache are dropped, and calls pass
  through the Python function that fills it; the compiled programs themselves are kept.
- the evaluation rules of the primitives that make keys and draw from them eagerly;
- the calls of ahead-of-time compiled programs.

Tested with JAX 0.9, 0.10, 0.11 and 0.12. With any other version the door stays shut (KS011), unless the
environment variable ``KEYSTREAM_UNTESTED_JAX`` is set to 1. Whatever the version, a small program is
run when the door opens first (`_jax_canary`), and every draw of it must be seen.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import weakref
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Protocol

import jax

from keystream import _jax_canary
from keystream.errors import UntestedJaxError

TESTED = ((0, 9), (0, 10), (0, 11), (0, 12))
OPT_IN = "KEYSTREAM_UNTESTED_JAX"  # environment variable: "1" tries any other version too

# Primitives of keys that the audit records where they run eagerly, by name.
KEY_PRIMITIVES = (
    "random_seed",
    "random_split",
    "random_fold_in",
    "random_bits",
    "random_clone",
)

Undo = list[Callable[[], None]]  # what puts things back, the last first

_state = threading.local()


class Observer(Protocol):
    """What looks through the door. Neither method may raise, nor run what the user's program sees."""

    def compiled_call(self, arguments: Sequence[Any], parameters: Mapping[str, Any]) -> bool:
        """A compiled program is about to run on `arguments`, donated ones included.

        Args:
            arguments: flat.
            parameters: of JAX's primitive ``jit``: ``jaxpr``, ``name``, ``donated_invars``.

        Returns:
            Whether later calls of this program shall be shown too.
        """
        ...

    def key_operation(self, primitive: str, arguments: tuple[Any, ...], result: Any) -> None:
        """A primitive of keys has run eagerly."""
        ...

    def unseen_call(self, reason: str) -> None:
        """A compiled program runs whose jaxpr is not known."""
        ...


@contextmanager
def unobserved() -> Generator[None, None, None]:
    """What this thread runs inside is not shown to the observer."""
    before = getattr(_state, "inside", False)
    _state.inside = True
    try:
        yield
    finally:
        _state.inside = before


def inside(mine: threading.local) -> bool:
    """Whether this thread is within something that an observer has been shown, or shall not see."""
    return getattr(mine, "inside", False) or getattr(_state, "inside", False)


def open_door(observer: Observer) -> Callable[[], None]:
    """Show the observer all that JAX runs from now on, in every thread.

    Once a process a small program of known calls is shown to a canary in the observer's place. What
    the canary misses the audit would miss too, and find nothing because it saw nothing. To run it
    starts JAX's devices; where the program has not done that itself, it is left for when the door
    closes.

    Args:
        observer: is called before compiled calls and after eager operations of keys.

    Returns:
        What closes the door and puts JAX back as it was. It raises `UntestedJaxError` as this function
        does, unless an exception is on its way already.

    Raises:
        UntestedJaxError: this version of JAX has no such door, was never tested, or the canary was not
            shown all that ran (KS011).
    """
    parts = _parts()
    _look_with_canary(parts)
    undo = _open(parts, observer)
    _doors.append(undo)

    def close() -> None:
        _doors.remove(undo)
        undo()
        if sys.exception() is None:
            _look_with_canary(parts)

    return close


_doors: list[Callable[[], None]] = []  # that are open
_trusted: list[bool] = []  # whether the canary was shown everything in this process


def _look_with_canary(parts: dict[str, Any]) -> None:
    ready = parts["xla_bridge"].backends_are_initialized() and parts["core"].trace_state_clean()
    if _trusted or _doors or not ready:
        return
    unseen = _jax_canary.unseen(lambda canary: _open(parts, canary))
    if unseen:
        raise _no_door(f"of a program of known calls it was not shown {', '.join(unseen)}")
    _trusted.append(True)


def _open(parts: dict[str, Any], observer: Observer) -> Callable[[], None]:
    mine = threading.local()  # doors may open within doors: to each its state
    undo: Undo = []
    try:
        _remember_types(parts, undo)
        _observe_jit(parts, observer, mine, undo)
        _observe_key_primitives(observer, mine, undo)
        _observe_ahead_of_time(parts, observer, mine, undo)
    except BaseException:
        _undo(undo)
        raise
    _forget_fast_calls(parts)

    def close() -> None:
        _undo(undo)
        _forget_fast_calls(parts)  # calls made meanwhile are marked as slow for good; forget that

    return close


def name_stack() -> str:
    """The scopes and transformations that the running code is under, such as ``vmap(net)/drop``."""
    stack = _parts()["source_info_util"].current_name_stack()
    return str(stack) if stack.stack else ""


def is_tracing() -> bool:
    """Whether this thread is tracing a function for compilation, beneath whatever transforms it."""
    core = _parts()["core"]
    if core.trace_state_clean():
        return False
    trace = getattr(getattr(core, "trace_ctx", None), "trace", None)
    while trace is not None and not type(trace).__name__.startswith("DynamicJaxpr"):
        trace = getattr(trace, "parent_trace", None)
    return trace is not None


@lru_cache(maxsize=1)
def key_arrays() -> type:
    """The class of JAX's concrete arrays of typed keys."""
    return _concrete("PRNGKeyArray")


def _concrete(name: str) -> type:
    """A class of JAX's values by its name; to make one would start JAX before the program does."""
    return next(kind for kind in _parts()["core"].pytype_aval_mappings if kind.__name__ == name)


_modules: dict[str, Any] = {}


def _parts() -> dict[str, Any]:
    """JAX's modules that hold the tables, checked once."""
    if not _modules:
        version = jax.__version_info__[:2]
        try:
            found = {
                name: importlib.import_module(f"jax._src.{name}")
                for name in (
                    "config",
                    "core",
                    "pjit",
                    "source_info_util",
                    "stages",
                    "traceback_util",
                    "xla_bridge",
                )
            }
            complete = all(
                (
                    callable(found["pjit"]._run_python_pjit),
                    callable(found["pjit"].jit_p.impl),
                    callable(found["pjit"]._cpp_pjit_cache_fun_only.clear),
                    callable(found["pjit"]._cpp_pjit_cache_explicit_attributes.clear),
                    callable(found["stages"].Compiled.__call__),
                    callable(found["stages"].Traced.lower),
                    callable(found["core"].trace_state_clean),
                    callable(found["xla_bridge"].backends_are_initialized),
                    found["core"].pytype_aval_mappings,
                )
            )
        except (ImportError, AttributeError):
            found, complete = {}, False
        if not complete:
            raise _no_door("it reads calls through parts of JAX that are not there")
        if version not in TESTED and os.environ.get(OPT_IN) != "1":
            raise _no_door("it reads calls through parts of JAX that no release promises to keep")
        found["traceback_util"].register_exclusion(__file__)  # our frames are not the user's affair
        _modules.update(found)
    return _modules


def _no_door(reason: str) -> UntestedJaxError:
    tested = ", ".join(f"{major}.{minor}" for major, minor in TESTED)
    (first, *_, last) = TESTED
    return UntestedJaxError(
        f"The audit can't look into JAX {jax.__version__}.",
        where="keystream audit",
        why=f"{reason}; tested are {tested}.",
        fix=f"pip install 'jax>={first[0]}.{first[1]},<{last[0]}.{last[1] + 1}', or set {OPT_IN}=1 "
        "to try an untested version",
    )


def _undo(undo: Undo) -> None:
    for put_back in reversed(undo):
        put_back()
    undo.clear()


def _forget_fast_calls(parts: dict[str, Any]) -> None:
    """Drop the C++ entries that answer repeated calls; compiled programs stay in caches of their own."""
    parts["pjit"]._cpp_pjit_cache_fun_only.clear()
    parts["pjit"]._cpp_pjit_cache_explicit_attributes.clear()


def _remember_types(parts: dict[str, Any], undo: Undo) -> None:
    """Look up the abstract value of a typed key, which JAX works out anew at each use of the key.

    A call that is answered in C++ never asks for it; one that passes here does. It depends on more
    than implementation and shape only where the key is spread over devices.
    """
    table, single = parts["core"].pytype_aval_mappings, jax.sharding.SingleDeviceSharding
    kind, concrete = key_arrays(), _concrete("ArrayImpl")
    work_out = table[kind]
    known: dict[tuple[Any, tuple[int, ...]], Any] = {}

    def look_up(key: Any) -> Any:
        words = key._base_array
        if type(words) is not concrete or type(words.sharding) is not single:
            return work_out(key)
        name = (key._impl, words.shape)
        found = known.get(name)
        if found is None:
            found = known[name] = work_out(key)
        return found

    table[kind] = look_up
    undo.append(lambda: table.__setitem__(kind, work_out))


def _observe_jit(
    parts: dict[str, Any], observer: Observer, mine: threading.local, undo: Undo
) -> None:
    """Pass every execution of a compiled function through Python.

    JAX reaches a program on two ways: `_run_python_pjit`, from a call that found no entry in the C++
    cache of its function, and the rule of the primitive ``jit``. Both are taken over. A call on the
    first way makes that entry, unless it is shown: then the entry is left out, so that the next call
    passes here again, and goes the second way, which has a C++ cache of its own.
    """
    pjit, core, config = parts["pjit"], parts["core"], parts["config"]
    run_slow, run = pjit._run_python_pjit, pjit.jit_p.impl
    mismatch = parts["stages"].DeviceAssignmentMismatchError
    # Programs that were called once, with all of JAX's own checks.
    familiar: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()

    def plain(arguments: Sequence[Any]) -> bool:
        """Whether JAX would do nothing but run the program."""
        return (
            core.trace_state_clean()
            and not any(isinstance(each, core.Tracer) for each in arguments)
            and not (config.debug_nans.value or config.debug_infs.value)
            and not config.debug_key_reuse.value
        )

    def expecting(call: Callable[[], Any], jaxpr: Any) -> Any:
        """Run what was shown; a host callback within it may run other programs, to be shown too."""
        before, mine.jaxpr = getattr(mine, "jaxpr", None), jaxpr
        try:
            return call()
        finally:
            mine.jaxpr = before

    def from_function(program: Any, arguments: Sequence[Any], *rest: Any) -> Any:
        parameters = program.params
        jaxpr = parameters["jaxpr"]
        if inside(mine) or not core.trace_state_clean():
            return run_slow(program, arguments, *rest)
        if not observer.compiled_call(arguments, parameters):
            return expecting(lambda: run_slow(program, arguments, *rest), jaxpr)
        if familiar.get(id(jaxpr)) is jaxpr and plain(arguments):
            try:
                outs = expecting(lambda: run(*arguments, **parameters), jaxpr)
            except mismatch:  # nothing ran; the error is JAX's to tell
                outs = None
            if outs is not None:
                tree = program.out_tree
                return tree.unflatten(outs), outs, tree, arguments, jaxpr, None, None, []
        done = expecting(lambda: run_slow(program, arguments, *rest), jaxpr)
        familiar[id(jaxpr)] = jaxpr
        return (*done[:5], None, None, [])

    def from_primitive(*arguments: Any, **parameters: Any) -> Any:
        jaxpr = parameters["jaxpr"]
        if not inside(mine) and getattr(mine, "jaxpr", None) is not jaxpr:
            observer.compiled_call(arguments, parameters)
        return expecting(lambda: run(*arguments, **parameters), jaxpr)

    pjit._run_python_pjit = from_function
    undo.append(lambda: setattr(pjit, "_run_python_pjit", run_slow))
    _replace_rule(pjit.jit_p, from_primitive, undo)


def _observe_key_primitives(observer: Observer, mine: threading.local, undo: Undo) -> None:
    for name, primitive in key_primitives().items():
        if name in KEY_PRIMITIVES:
            rule = _observed_rule(name, primitive.impl, observer, mine)
            _replace_rule(primitive, rule, undo)


def _observed_rule(
    name: str, run: Callable[..., Any], observer: Observer, mine: threading.local
) -> Callable[..., Any]:
    def rule(*arguments: Any, **parameters: Any) -> Any:
        if inside(mine):
            return run(*arguments, **parameters)
        mine.inside = True
        try:
            result = run(*arguments, **parameters)
        finally:
            mine.inside = False
        observer.key_operation(name, arguments, result)
        return result

    return rule


def _replace_rule(primitive: Any, rule: Callable[..., Any], undo: Undo) -> None:
    former = primitive.impl
    primitive.impl = rule
    undo.append(lambda: setattr(primitive, "impl", former))


def key_primitives() -> dict[str, Any]:
    """JAX's primitives of keys by name, found where JAX itself uses them."""

    def use_all(words: jax.Array) -> Any:
        key = jax.random.clone(jax.random.wrap_key_data(words))
        children = jax.random.split(jax.random.fold_in(key, 1))
        return jax.random.bits(children[0]), jax.random.key(words[0])

    words = jax.ShapeDtypeStruct((2,), jax.numpy.uint32)
    with jax.default_prng_impl("threefry2x32"):
        closed = jax.make_jaxpr(use_all)(words)
    found: dict[str, Any] = {}
    pending = [closed.jaxpr]
    while pending:
        for equation in pending.pop().eqns:
            found[equation.primitive.name] = equation.primitive
            inner = equation.params.get("jaxpr")
            if inner is not None:
                pending.append(getattr(inner, "jaxpr", inner))
    return {name: found[name] for name in found if name.startswith("random_")}


def _observe_ahead_of_time(
    parts: dict[str, Any], observer: Observer, mine: threading.local, undo: Undo
) -> None:
    """Carry the jaxpr from `Traced` to `Lowered` to `Compiled`, and show the call of the last."""
    stages = parts["stages"]
    lower, compile_, call = stages.Traced.lower, stages.Lowered.compile, stages.Compiled.__call__

    def observed_lower(self: Any, *args: Any, **kwargs: Any) -> Any:
        lowered = lower(self, *args, **kwargs)
        lowered._keystream_parameters = self._params
        return lowered

    def observed_compile(self: Any, *args: Any, **kwargs: Any) -> Any:
        compiled = compile_(self, *args, **kwargs)
        compiled._keystream_parameters = getattr(self, "_keystream_parameters", None)
        return compiled

    def observed_call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if inside(mine):
            return call(self, *args, **kwargs)
        known = getattr(self, "_keystream_parameters", None)
        if known is None:
            observer.unseen_call("a program compiled ahead of time before the audit began")
        else:
            observer.compiled_call(tuple(jax.tree.leaves((args, kwargs))), known)
        return call(self, *args, **kwargs)

    for owner, name, former, new in (
        (stages.Traced, "lower", lower, observed_lower),
        (stages.Lowered, "compile", compile_, observed_compile),
        (stages.Compiled, "__call__", call, observed_call),
    ):
        setattr(owner, name, new)
        undo.append(_setter(owner, name, former))


def _setter(owner: Any, name: str, value: Any) -> Callable[[], None]:
    return lambda: setattr(owner, name, value)
