"""The forms that an entry of the table may have: what one call does, said in one line.

Each is a handler (`call.Handler`) whose fields say in what it differs from others of its form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Argument, Call, at
from keystream._lint.libraries.closures import note_baked
from keystream._lint.libraries.evaluation import note_evaluation
from keystream._lint.libraries.rates import check_rate
from keystream._lint.symbols import Called, Constant, Repeated, Stack, Symbol, Value
from keystream._lint.values import (
    Class,
    Function,
    Instance,
    Made,
    Method,
    Partial,
    Reference,
    Wrapped,
    constant_of,
)

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_OF_UNKNOWN = (
    "same",
    "jit",
    "grad",
    "value_and_grad",
    "vmap",
)  # also of a function that is not seen
KEY = at(0, "key", "rng")
_CALLABLE = (Function, Class, Wrapped, Partial, Method, Reference, Made, Instance)


@dataclass(frozen=True, slots=True)
class Draw:
    """Draws from a key.

    Attributes:
        key: the argument that is the key.
        title: what findings call the function; its canonical name if empty.
        rate: the argument that is a probability of dropping.
        trains: whether it is meant for training, so that an evaluation should not reach it.
    """

    key: Argument = KEY
    title: str = ""
    rate: Argument | None = None
    trains: bool = False

    def __call__(self, reader: Reader, call: Call) -> Value:
        """Note the draw."""
        title, key = self.title or call.name, self.key.of(call)
        if self.rate is not None:
            check_rate(reader, call, self.rate, title)
            if self.trains and constant_of(self.rate.of(call)) == 0:
                return reader.fresh("drawn")
        if key is None:
            return reader.fresh("drawn", *call.args)
        if self.trains:
            note_evaluation(reader, call.node, title)
        return draw(reader, key, call, title, self.key)


def draw(reader: Reader, key: Value, call: Call, title: str, argument: Argument = KEY) -> Value:
    """Note a draw from a key, which a call is given as an argument."""
    text = key_text(call, argument)
    baked = isinstance(key, Symbol) and note_baked(reader, key, call, title, text)
    reader.use(key, "draw", title, call.node, text=text, baked=baked)
    return reader.fresh("drawn", key)


def key_text(call: Call, argument: Argument) -> str:
    """A call's key as the source spells it."""
    return call.text(argument.position, *argument.names, "rng", "seed", "rng_key")


@dataclass(frozen=True, slots=True)
class Layer:
    """Makes a layer whose parameters are drawn from ``key=`` at once, as Equinox does.

    Attributes:
        title: what findings call it.
    """

    title: str

    def __call__(self, reader: Reader, call: Call) -> Value:
        """Note that the key is used."""
        key = call.keywords.get("key")
        if isinstance(key, Symbol):
            text = key_text(call, at(None, "key"))
            reader.use(key, "layer", self.title, call.node, text=text)
        return call.made(reader, "layer")


@dataclass(frozen=True, slots=True)
class Transform:
    """Returns a transformed function.

    Attributes:
        kind: how a call of it is read: a name in `table.TRANSFORMED`; ``same`` for what changes
            nothing that matters here (``remat``, ``custom_vjp``, ...).
    """

    kind: str

    def __call__(self, reader: Reader, call: Call) -> Value | None:
        """The function under the transformation."""
        kind = self.kind
        options = {n: value for n, value in call.keywords.items() if n not in ("**", "f", "fun")}
        function = call.argument(0, "f", "fun", "func", "function")
        if kind == "vmap" and len(call.args) > 1:
            options["in_axes"] = call.args[1]
        if function is None or isinstance(function, Constant):
            return Partial(Reference(call.name), [], options)  # @vmap(in_axes=...), @lru_cache(16)
        if isinstance(function, Symbol) and kind in _OF_UNKNOWN:
            return Wrapped(kind, function, options, call.node, call.name)
        if not isinstance(function, _CALLABLE):
            return reader.fresh(kind, function)
        if kind == "same" or (kind == "jit" and isinstance(function, Class)):
            return function
        return Wrapped(kind, function, options, call.node, call.name)


@dataclass(frozen=True, slots=True)
class Same:
    """Returns one number wherever it is called: how many devices there are, or lanes on an axis."""

    def __call__(self, reader: Reader, call: Call) -> Value:
        """The number, which is the same in each lane."""
        return reader.table.symbol(Called, call.name, ())


@dataclass(frozen=True, slots=True)
class Returns:
    """Returns its first argument, or a copy, or another container of the same elements."""

    def __call__(self, reader: Reader, call: Call) -> Value | None:
        """The argument."""
        del reader
        return call.args[0] if call.args else None


@dataclass(frozen=True, slots=True)
class Repeats:
    """Returns its first argument over and over."""

    def __call__(self, reader: Reader, call: Call) -> Value | None:
        """A collection each of whose elements is the argument."""
        value = call.args[0] if call.args else None
        if isinstance(value, Symbol) and not isinstance(value, Constant):
            return reader.table.symbol(Repeated, value)
        return None


@dataclass(frozen=True, slots=True)
class RepeatsRows:
    """Returns the rows of its first argument over and over: of one key that key, of many a batch."""

    def __call__(self, reader: Reader, call: Call) -> Value | None:
        """The keys, if there are several."""
        value = call.args[0] if call.args else None
        return value if isinstance(value, Stack) else Repeats()(reader, call)


@dataclass(frozen=True, slots=True)
class Makes:
    """Makes an object whose methods `table.OBJECTS` knows.

    Attributes:
        name: under which it knows them; that of the function if empty.
    """

    name: str = ""

    def __call__(self, reader: Reader, call: Call) -> Value:
        """The object."""
        return call.made(reader, self.name)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Returns something that equals nothing else, and does not touch the keys that it is given.

    Attributes:
        skip: how many arguments at the start the result does not depend on.
    """

    skip: int = 0

    def __call__(self, reader: Reader, call: Call) -> Value:
        """A new value."""
        return reader.fresh(call.name, *call.args[self.skip :])
