"""Generators of NumPy and Python: when one begins at a seed, and when it is drawn from first.

The classes of generators stay what they are for ``isinstance``, and what is pickled is the library's.
Loads no JAX: worker processes are observed too.
"""

from __future__ import annotations

import functools
import hashlib
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from keystream._audit.beginnings import Beginning, Beginnings
from keystream._audit.observers import replace

# Methods of generators that draw nothing.
_NO_DRAWS = frozenset({"get_state", "set_state", "getstate", "setstate", "seed", "spawn"})
_ALIASES = ("ranf", "sample")  # functions of `numpy.random` that are no methods


class Observer(Protocol):
    """What takes the notes.

    Attributes:
        beginnings: those of generators.
    """

    beginnings: Beginnings

    def host(self, name: str) -> None:
        """The host's randomness is asked for while JAX traces."""
        ...

    def unseen_call(self, reason: str) -> None:
        """Something could not be looked into."""
        ...

    def note(self, kind: str) -> None:
        """Something happened at a line of the user's."""
        ...


_observing: list[Observer] = []


def observers() -> list[Observer]:
    """Who observes generators in this process."""
    return list(_observing)


def install(recorder: Observer, undo: list[Callable[[], None]]) -> None:
    """Observe generators until the audit ends."""
    _observing.append(recorder)
    undo.append(lambda: _observing.remove(recorder))
    for owner, seeded in ((np.random, np.random.RandomState), (random, random.Random)):
        _observe_functions(recorder, owner, seeded, undo)
    state_class = _observed_class(recorder, np.random.RandomState)
    generator = _observed_class(recorder, np.random.Generator)
    replace(
        np.random, "default_rng", _default_rng(recorder, np.random.default_rng, generator), undo
    )
    replace(np.random, "RandomState", state_class, undo)
    replace(np.random, "Generator", generator, undo)
    replace(random.Random, "seed", _seed_of_random(recorder, random.Random.seed), undo)


def is_tracing() -> bool:
    """Whether JAX traces; a process that has not imported it does not."""
    door = sys.modules.get("keystream._jax_door")
    return door is not None and door.is_tracing()


def _methods(owner: Any) -> Iterator[str]:
    """The names of the methods of a generator that draw."""
    for name in dir(owner):
        if not name.startswith("_") and name not in _NO_DRAWS and callable(getattr(owner, name)):
            yield name


# The one generator that the functions of a module share.


def _observe_functions(
    recorder: Observer, module: Any, generator: Any, undo: list[Callable[[], None]]
) -> None:
    shared = _Shared(recorder, module)
    for name in (*_methods(generator), *_ALIASES):
        call = getattr(module, name, None)
        if callable(call) and not isinstance(call, type):
            replace(
                module, name, _drawing(recorder, f"{module.__name__}.{name}", call, shared), undo
            )
    replace(module, "seed", _seeding(module.seed, shared), undo)


class _Shared:
    """When the generator of a module began last, until it is drawn from.

    Args:
        recorder: takes the notes.
        module: `numpy.random`, or `random`, whose generator no fork shares.
    """

    def __init__(self, recorder: Observer, module: Any) -> None:
        self._recorder, self._module = recorder, module
        self.begun: Beginning | None = None
        self.forks = recorder.beginnings.forks

    def draw(self, method: str, given: tuple[Any, ...]) -> None:
        """It is drawn from."""
        beginnings = self._recorder.beginnings
        if self.forks != beginnings.forks:
            self.forks = beginnings.forks
            if self._module is np.random and self.begun is None:
                self.begun = _inherits(self._recorder, self._module.__name__, self._module)
        if self.begun is not None:
            beginnings.drawn(self.begun, method, given)
            self.begun = None

    def seed(self) -> None:
        """It begins at a seed."""
        self.forks = self._recorder.beginnings.forks
        self.begun = _begins(self._recorder, f"{self._module.__name__}.seed", self._module)


def _drawing(
    recorder: Observer, name: str, call: Callable[..., Any], shared: _Shared
) -> Callable[..., Any]:
    method = name.rpartition(".")[2]

    @functools.wraps(call, updated=())
    def observed(*args: Any, **kwargs: Any) -> Any:
        if is_tracing():
            recorder.host(name)
        else:
            shared.draw(method, args)
        return call(*args, **kwargs)

    return observed


def _seeding(call: Callable[..., Any], shared: _Shared) -> Callable[..., Any]:
    @functools.wraps(call, updated=())
    def seed(*args: Any, **kwargs: Any) -> Any:
        result = call(*args, **kwargs)
        shared.begun = None
        if any(each is not None for each in (*args, *kwargs.values())):
            shared.seed()
        return result

    return seed


# Generators that the program makes.


class _Observed(type):
    """The class of a class that stands for another: whatever is of that is of it, too."""

    original: type

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls.original)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.original)


def _observed_class(recorder: Observer, original: type) -> Any:
    """A class of generators whose first draw after each beginning is noted."""

    def drawing(name: str) -> Callable[..., Any]:
        call = getattr(original, name)
        full = f"numpy.random.{original.__name__}.{name}"

        @functools.wraps(call, updated=())
        def observed(self: Any, *args: Any, **kwargs: Any) -> Any:
            if is_tracing():
                recorder.host(full)
            else:
                if self.forks != recorder.beginnings.forks:
                    self.forks = recorder.beginnings.forks
                    self.begun = self.begun or _inherits(recorder, original.__name__, self)
                if self.begun is not None:
                    begun, self.begun = self.begun, None
                    recorder.beginnings.drawn(begun, name, args)
            return call(self, *args, **kwargs)

        return observed

    def begin(self: Any, maker: str) -> None:
        self.begun, self.forks = _begins(recorder, maker, self), recorder.beginnings.forks

    def initialise(self: Any, *args: Any, **kwargs: Any) -> None:
        original.__init__(self, *args, **kwargs)
        self.forks = recorder.beginnings.forks
        if any(each is not None for each in (*args, *kwargs.values())):
            begin(self, f"numpy.random.{original.__name__}")

    def seed(self: Any, *args: Any, **kwargs: Any) -> None:
        original.seed(self, *args, **kwargs)  # type: ignore[attr-defined]
        begin(self, f"numpy.random.{original.__name__}.seed")

    body: dict[str, Any] = {name: drawing(name) for name in _methods(original)}
    body |= {
        "original": original,
        "begun": None,
        "forks": 0,
        "begin": begin,
        "__init__": initialise,
    }
    body |= {"seed": seed} if hasattr(original, "seed") else {}
    body |= {"__module__": original.__module__, "__qualname__": original.__qualname__}
    return _Observed(original.__name__, (original,), body)


def _default_rng(
    recorder: Observer, make: Callable[..., Any], generator: Any
) -> Callable[..., Any]:
    original = generator.original

    @functools.wraps(make, updated=())
    def default_rng(seed: Any = None) -> Any:
        recorder.note("generator")  # where it is made, that its source be read
        made = make(seed)
        if type(made) is not original:  # it was given one
            return made
        watched = generator.__new__(generator)
        original.__init__(watched, made.bit_generator)
        watched.forks = recorder.beginnings.forks
        if seed is not None:
            watched.begin("numpy.random.default_rng")
        return watched

    return default_rng


def _seed_of_random(recorder: Observer, call: Callable[..., Any]) -> Callable[..., Any]:
    """`random.Random.seed`, which the class calls for each object that it makes.

    An object is one of a class that sees the first draw until then, and of its own again from then on.
    """
    plain = random.Random

    def drawing(name: str) -> Callable[..., Any]:
        def observed(self: Any, *args: Any, **kwargs: Any) -> Any:
            begun, self.__class__ = self.__dict__.pop("begun", None), plain
            if is_tracing():
                recorder.host(f"random.Random.{name}")
            elif begun is not None:
                recorder.beginnings.drawn(begun, name, args)
            return getattr(self, name)(*args, **kwargs)

        return observed

    body: dict[str, Any] = {name: drawing(name) for name in _methods(plain)}
    body["__reduce__"] = lambda self: (plain, (), self.getstate())
    watched = type("Random", (plain,), body)

    @functools.wraps(call, updated=())
    def seed(self: Any, *args: Any, **kwargs: Any) -> None:
        call(self, *args, **kwargs)
        given = any(each is not None for each in (*args, *kwargs.values()))
        if given and type(self) in (plain, watched):
            begun = _begins(recorder, "random.Random", self)
            if begun is not None:
                self.__class__, self.begun = watched, begun

    return seed


def _begins(recorder: Observer, maker: str, generator: Any) -> Beginning | None:
    """A generator begins at a seed: what can't be noted never ends the user's program."""
    try:
        return recorder.beginnings.begins(maker, _state_of(generator))
    except Exception as error:
        recorder.unseen_call(f"a generator's seed was not noted: {type(error).__name__}")
        return None


def _inherits(recorder: Observer, name: str, generator: Any) -> Beginning | None:
    """A fork draws from a generator that the process has from another."""
    try:
        return recorder.beginnings.inherited(name, _state_of(generator))
    except Exception as error:
        recorder.unseen_call(f"a generator's state was not noted: {type(error).__name__}")
        return None


def _state_of(generator: Any) -> int:
    """The state of a generator, or of that of a module, as a 64-bit number."""
    if hasattr(generator, "getstate"):
        state: Any = generator.getstate()[1]
    elif hasattr(generator, "get_state"):
        state = generator.get_state(legacy=False)
    else:
        state = generator.bit_generator.state
    found = hashlib.blake2b(digest_size=8)
    for part in _parts(state):
        found.update(part)
    return int.from_bytes(found.digest(), "little")


def _parts(state: Any) -> Iterator[bytes]:
    if isinstance(state, dict):
        for each in state.values():
            yield from _parts(each)
    elif isinstance(state, np.ndarray):
        yield state.tobytes()
    else:
        yield repr(state).encode()
