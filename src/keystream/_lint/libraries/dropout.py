"""Dropout layers of every library: their rate, the flag that turns them off, what they draw from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Argument, Call, at
from keystream._lint.libraries.rates import check_rate
from keystream._lint.modes import check_flag
from keystream._lint.symbols import Value
from keystream._lint.values import Made, constant_of, is_constant

if TYPE_CHECKING:
    from keystream._lint.reader import Reader

_NOTHING = object()
_RATE = at(0, "rate")


@dataclass(frozen=True, slots=True)
class Dropout:
    """Makes a dropout layer.

    Attributes:
        title: what findings call it.
        name: under which `table.OBJECTS` knows what a call of the layer does.
        flag: the flag that turns it off; empty where it has none.
        rate: the argument that is the probability of dropping.
    """

    title: str
    name: str
    flag: str = "deterministic"
    rate: Argument = _RATE

    def __call__(self, reader: Reader, call: Call) -> Value:
        """The layer, after its rate and flag were checked."""
        check_rate(reader, call, self.rate, self.title)
        _check_flag(reader, call, self.flag)
        layer = call.made(reader, self.name)
        # A layer made of a lane's own Rngs belongs to the lane.
        layer.symbol = reader.fresh("dropout", *call.keywords.values())
        return layer


@dataclass(frozen=True, slots=True)
class Dropped:
    """A call of a dropout layer.

    Attributes:
        layer: how the layer is made.
        draws: what it draws where it is not off, given the call and the flag (None where left open).
        made_flag: where the layer takes its flag when it is made.
        call_flag: where a call takes it.
        off: given the flag, whether the model that is being called was turned off as a whole.
        needs_flag: whether one of the two has to be given.
        noted: whether it is a mistake that it is off under a gradient.
    """

    layer: Dropout
    draws: Callable[[Reader, Call, Value | None], Value]
    made_flag: Argument
    call_flag: Argument
    off: Callable[[Reader, Value | None], bool] = lambda _reader, _flag: False
    needs_flag: bool = False
    noted: bool = True

    def __call__(self, reader: Reader, call: Call) -> Value | None:
        """What comes out: the input, where the layer is off."""
        made = call.owner
        assert isinstance(made, Made)
        making = Call(made.name, made.args, made.keywords, made.node)
        rate = self.layer.rate.of(making)
        there, here = self.made_flag.of(making), self.call_flag.of(call)
        _check_flag(reader, call, self.layer.flag)
        undecided = self.needs_flag and is_absent(there) and is_absent(here)
        if undecided and call.surely and making.surely and constant_of(rate) != 0:
            title = self.layer.title
            reader.fact("mode_not_given", call.node, layer=title, where=self.layer.flag)
            return reader.fresh("dropped")
        flag = there if is_absent(here) else here
        if truth(flag) is True and self.noted and reader.graded:
            rate = constant_of(rate)
            reader.fact("off_in_training", call.node, layer=made.name, made=made, rate=rate)
        if truth(flag) is True or _is_zero(rate) or self.off(reader, flag):
            return call.argument(0, "inputs", "x")
        return self.draws(reader, call, flag)


def truth(value: Value | None) -> bool | None:
    """A flag that is known, or None."""
    plain = constant_of(value)
    return None if plain is None else bool(plain)


def is_absent(value: Value | None) -> bool:
    """Whether an argument is not given, or None."""
    return value is None or (is_constant(value) and constant_of(value) is None)


def _is_zero(rate: Value | None) -> bool:
    value = constant_of(rate, _NOTHING)
    return isinstance(value, int | float) and value == 0


def _check_flag(reader: Reader, call: Call, name: str) -> None:
    check_flag(reader, call.node, name, call.source(None, name), call.keywords.get(name))
