"""The learner's side of a check: run a solution on given inputs and note what happens.

This file is also a program, run in a process of its own: it knows inputs and no answers, and imports
nothing of `keystream`. What it notes are the *events*, one JSON object a line:

    {"event": "loaded", "parameters": ["seed", "x"]}      the solution's function is there
    {"event": "failed", ...what was raised}               it is not
    {"event": "started", "case": 0}
    {"event": "returned", "case": 0, "type": "ArrayImpl", "dtype": "float32", "shape": [4],
     "values": [...], "layers": [...]}
    {"event": "raised", "case": 0, ...what was raised, "layers": [...]}
    {"event": "finished"}

What was raised has ``kinds`` (the names of the class and its bases), ``message``, ``line``, ``source``.
A layer is one call of a Flax layer, as `Observer` saw it.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any, cast

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

Event = dict[str, Any]
IsOwn = Callable[[str], bool]

FUNCTION = "run_dropout_model"
MISSING = f"the file defines no function {FUNCTION}"
_LARGEST = 100_000  # numbers of a result that are worth carrying to the other process
_LONGEST_MESSAGE = 2_000
_MODULE = "solution"
_dumps = json.dumps  # kept here, where a solution that replaces it does not reach
_GIVEN_TO_DROPOUT = ("inputs", "deterministic", "rng")  # in the order of its __call__


def events(solution: Path, inputs: Sequence[Mapping[str, Any]]) -> Iterator[Event]:
    """Run a solution, one case after the other; whatever it raises becomes an event.

    Args:
        solution: the file of Python source that defines ``run_dropout_model``.
        inputs: the arguments of each case by name, ``x`` as a list of numbers.

    Yields:
        Events as the module describes them, each as soon as it is known.
    """
    try:
        function = _load(solution)
    except BaseException as error:  # a solution may raise anything, SystemExit included
        yield {"event": "failed", **_raised(error, lambda name: name == str(solution))}
        return
    yield from calls(function, inputs, lambda name: name == str(solution))
    yield {"event": "finished"}


def calls(
    function: Callable[..., object], inputs: Sequence[Mapping[str, Any]], is_own: IsOwn
) -> Iterator[Event]:
    """Call a learner's function, one case after the other; whatever it raises becomes an event.

    Args:
        function: what is called with the five inputs of the task.
        inputs: the arguments of each case by name, ``x`` as a list of numbers.
        is_own: whether a file, by its name in a traceback, is the learner's.

    Yields:
        Events as the module describes them, each as soon as it is known.
    """
    yield {"event": "loaded", "parameters": _parameters(function)}
    for case, arguments in enumerate(inputs):
        yield {"event": "started", "case": case}
        yield {"case": case, **_call(function, arguments, is_own)}


def _load(solution: Path) -> Callable[..., object]:
    loader = SourceFileLoader(_MODULE, str(solution))
    spec = spec_from_loader(_MODULE, loader)
    assert spec is not None  # it is None only for a loader that can't tell whether it has a package
    module = module_from_spec(spec)
    sys.modules[_MODULE] = module  # dataclasses, and so Flax modules, look themselves up there
    loader.exec_module(module)
    if not callable(getattr(module, FUNCTION, None)):
        raise AttributeError(MISSING)
    return cast("Callable[..., object]", getattr(module, FUNCTION))


def _parameters(function: Callable[..., object]) -> list[str]:
    with contextlib.suppress(Exception):  # not every callable has a signature
        return list(inspect.signature(function).parameters)
    return []


def _call(function: Callable[..., object], arguments: Mapping[str, Any], is_own: IsOwn) -> Event:
    observer = Observer()
    x = jnp.asarray(arguments["x"], jnp.float32)
    scalars = (arguments[name] for name in ("dropout_seed", "drop_rate", "deterministic"))
    try:
        with nn.intercept_methods(observer):
            value = function(arguments["seed"], x, *scalars)
        outcome = {"event": "returned", **_returned(value)}
    except BaseException as error:
        outcome = {"event": "raised", **_raised(error, is_own)}
    return {**outcome, "layers": observer.layers}


class Observer:
    """Notes the calls of Flax's Dense and Dropout layers while a solution runs.

    Some mistakes leave no trace in the output: Flax serves a missing stream from ``params``, and
    throws away the mask that `init` draws. So the streams are noted that a call was given, and the
    words of their keys.
    """

    def __init__(self) -> None:
        self.layers: list[Event] = []

    def __call__(
        self,
        method: Callable[..., Any],
        args: Any,
        kwargs: Any,
        context: nn.module.InterceptorContext,
    ) -> object:
        """Note the layer, and go on with its method."""
        layer = context.module
        if context.method_name == "__call__" and isinstance(layer, nn.Dense | nn.Dropout):
            # An observer that fails has seen nothing; the solution goes on as it is.
            with contextlib.suppress(Exception):
                self._note(layer, dict(zip(_GIVEN_TO_DROPOUT, args, strict=False)) | kwargs)
        return method(*args, **kwargs)

    def _note(self, layer: nn.Dense | nn.Dropout, given: Mapping[str, Any]) -> None:
        note: Event = {
            "layer": "Dropout" if isinstance(layer, nn.Dropout) else "Dense",
            "path": "/".join(layer.path),
            "call": "init" if layer.is_initializing() else "apply",
            "streams": {} if layer.scope is None else _words(layer.scope.rngs),
        }
        if isinstance(layer, nn.Dropout):
            flag = given.get("deterministic", layer.deterministic)
            if flag is not None:
                with contextlib.suppress(Exception):  # a traced flag has no value
                    note["flag"] = bool(flag)
            note["draws"] = not flag and 0.0 < layer.rate < 1.0 and "rng" not in given
            note["stream"] = layer.rng_collection
        if note not in self.layers:
            self.layers.append(note)


def _words(rngs: Mapping[str, Any]) -> dict[str, list[int] | None]:
    """The words of each stream's key, as the call was given it; None where it is traced."""
    words: dict[str, list[int] | None] = {}
    for name in sorted(rngs):
        words[name] = None
        with contextlib.suppress(Exception):
            words[name] = np.asarray(jax.random.key_data(rngs[name].rng)).tolist()
    return words


def _returned(value: object) -> Event:
    note: Event = {"type": type(value).__name__, "array": hasattr(value, "dtype")}
    if not note["array"] and not isinstance(value, list | tuple):
        return note
    # What can't be read as numbers is told by its type alone.
    with contextlib.suppress(Exception):
        array = np.asarray(value)
        note |= {"dtype": str(array.dtype), "shape": list(array.shape)}
        if array.size <= _LARGEST:
            note["values"] = array.astype(np.float64).ravel().tolist()
    return note


def _raised(error: BaseException, is_own: IsOwn) -> Event:
    kinds = [kind.__name__ for kind in type(error).__mro__ if kind is not object]
    note: Event = {"kinds": kinds, "message": "", "line": None, "source": ""}
    with contextlib.suppress(Exception):  # an exception of the solution's own may fail to print
        note["message"] = str(error)[:_LONGEST_MESSAGE]
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if is_own(frame.filename)]
    if isinstance(error, SyntaxError):
        note |= {"line": error.lineno, "source": (error.text or "").strip()}
    elif own:
        note |= {"line": own[-1].lineno, "source": own[-1].line or ""}
    return note


def main(arguments: Sequence[str]) -> None:
    """Run a solution as a process of its own.

    Args:
        arguments: the solution's file, the file with the inputs (JSON), the file to write events
            to, and after how many whole seconds to end in any case.
    """
    solution, inputs, notes = (Path(argument) for argument in arguments[:3])
    if hasattr(signal, "alarm"):
        signal.alarm(int(arguments[3]))  # for the case that our parent was ended before us
    sys.path.insert(0, str(solution.parent))  # as `python solution.py` would have it
    with notes.open("a", encoding="utf-8") as file:
        for event in events(solution, json.loads(inputs.read_text(encoding="utf-8"))):
            file.write(_dumps(event) + "\n")
            file.flush()  # the next case may end the process
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    os._exit(0)  # without waiting for threads or exit handlers of the solution's


if __name__ == "__main__":
    main(sys.argv[1:])
