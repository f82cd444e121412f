"""Equinox: Dropout, inference mode, and states, which a caller has to hand on."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from keystream._lint.libraries.call import Call, at
from keystream._lint.libraries.evaluation import note_evaluation
from keystream._lint.libraries.signatures import draw
from keystream._lint.state import exclusive
from keystream._lint.symbols import Join, Place, Read, Symbol, Value, Written
from keystream._lint.values import (
    Class,
    Instance,
    Made,
    Sequence,
    Switched,
    Wrapped,
    constant_of,
    is_constant,
)
from keystream._lint.walking import walk

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


def draw_from_argument(reader: Reader, call: Call, flag: Value | None) -> Value:
    """A call of Dropout draws from its ``key=``."""
    del flag
    key = call.keywords.get("key")
    if key is None or (is_constant(key) and constant_of(key) is None):
        return reader.fresh("dropped")
    if not isinstance(key, Symbol) or not isinstance(key, Join):  # a key or None is for either mode
        note_evaluation(reader, call.node, "eqx.nn.Dropout")
    return draw(reader, key, call, "eqx.nn.Dropout", at(None, "key"))


# Inference mode.


def inference_mode(reader: Reader, call: Call) -> Value | None:
    """``eqx.nn.inference_mode(model, value=True)``."""
    return _switched(reader, call, usual=True)


def tree_inference(reader: Reader, call: Call) -> Value | None:
    """``eqx.tree_inference(model, value)``."""
    return _switched(reader, call, usual=False)


def _switched(reader: Reader, call: Call, *, usual: bool) -> Value | None:
    """A copy of a model in inference mode, or back in training mode."""
    model, value = call.args[0] if call.args else None, call.argument(1, "value")
    if isinstance(model, Made) and model.name == "inference" and model.args:
        model = model.args[0]
    on = usual if value is None else constant_of(value)
    mode = Switched(reader.site(call.node), tuple(reader.arms)) if on is True else None
    if isinstance(model, Instance):
        return Instance(model.cls, model.symbol, model.known, mode)
    if mode is None or model is None:
        return model
    return Made("inference", [model], {}, call.node, reader.fresh("inference"), mode)


def updated(reader: Reader, call: Call) -> Value | None:
    """``eqx.apply_updates(model, updates)`` returns a model of the same class and mode."""
    del reader
    value = call.argument(0)
    return value if isinstance(value, Instance | Made) else None


def note_gradient(reader: Reader, call: Call) -> None:
    """A gradient is taken: of a model in inference mode, dropout is off in training."""
    wrapped = call.owner
    if not (isinstance(wrapped, Wrapped) and call.args):
        return
    model = call.args[0]
    mode = model.switched if isinstance(model, Instance) else None
    if isinstance(model, Made) and model.name == "inference" and "equinox" in wrapped.name:
        mode = model.place
    if (
        isinstance(mode, Switched)
        and not exclusive(mode.arms, tuple(reader.arms))
        and _drops(model, reader.scope.unit.tree)
    ):
        reader.fact("trains_in_inference", call.node, switched=mode.site)
    if isinstance(model, Instance) or _is_of_an_earlier_turn(reader, model):
        mode = reader.load(model, "__mode__")
        if isinstance(mode, Symbol) and "eval" in map(constant_of, (mode, *_choices(mode))):
            switched = reader.load(model, "__switched__")
            site = switched.place if isinstance(switched, Place) else None
            reader.fact("trains_in_eval", call.node, switched=site)


def _is_of_an_earlier_turn(reader: Reader, model: Value) -> bool:
    """Whether a model that is not seen was switched in another turn of a loop, and stays switched."""
    turns = reader.load(model, "__turns__")
    then = turns.place if isinstance(turns, Place) else {}
    return any(then.get(node, number) != number for node, number in reader.turns().items())


def _drops(model: Value, tree: ast.AST) -> bool:
    """Whether a model may have dropout: not one of a file that never says so."""
    if isinstance(model, Instance) and model.cls.scope.unit.tree is not tree:
        return True
    return any(
        "ropout" in (part.attr if isinstance(part, ast.Attribute) else part.id)
        for part in walk(tree)
        if isinstance(part, ast.Attribute | ast.Name)
    )


def _choices(value: Symbol) -> tuple[Value, ...]:
    return value.choices if isinstance(value, Join) else ()


def in_inference(reader: Reader, flag: Value | None) -> bool:
    """Whether a model that is being called was put in inference mode, and the flag leaves it so."""
    models = (frame.scope.names.get("self") for frame in reader.frames)
    return flag is None and any(isinstance(m, Instance) and m.switched is not None for m in models)


# States.


def make_with_state(reader: Reader, call: Call) -> Value | None:
    """``eqx.nn.make_with_state(Model)`` makes the model and its state when it is called."""
    cls = call.argument(0, "make_model")
    return call.made(reader, "make_with_state", [cls], {}) if isinstance(cls, Class) else None


def made_with_state(reader: Reader, call: Call) -> Value:
    """The model and its state."""
    assert isinstance(call.owner, Made)
    model = reader.calls.call(call.owner.args[0], call.args, call.keywords, call.node)
    return Sequence([model, reader.fresh("state")])


def get_state(reader: Reader, call: Call) -> Value | None:
    """``state.get(index)``: what was set last, or what the state came with."""
    index, state = _indexed(call), call.owner
    if index is None or not isinstance(state, Symbol):
        return None
    while isinstance(state, Written):
        if state.index is index.symbol:
            return state.value
        state = state.state
    return reader.table.symbol(Read, state, index.symbol)


def set_state(reader: Reader, call: Call) -> Value | None:
    """``state.set(index, value)`` returns another state."""
    index, state = _indexed(call), call.owner
    if index is None or not isinstance(state, Symbol) or len(call.args) < 2:
        return None
    value = call.args[1] if isinstance(call.args[1], Symbol) else reader.fresh("value")
    return reader.table.symbol(Written, state, index.symbol, value)


def _indexed(call: Call) -> Made | None:
    index = call.args[0] if call.args else None
    return index if isinstance(index, Made) and index.name == "equinox.nn.StateIndex" else None
