"""Signs of a mistake in what a solution called: exceptions, streams, keys and layers.

A sign looks at the evidence and says where the mistake shows, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import jax
import numpy as np

from keystream._exercise.cases import INPUTS
from keystream._exercise.evidence import Event, Evidence, Result, Sign, line_of, names
from keystream._exercise.learner import MISSING
from keystream._exercise.programs import EVALUATION, dropout_key, seed_key

_PATHS = frozenset({"Dense_0", "Dropout_0"})


def raised(pattern: str) -> Sign:
    """An exception in a case, ``Kind: message`` of which matches."""

    def sign(evidence: Evidence) -> str:
        return _raised_in([r for r in evidence.results if re.search(pattern, r.raised)])

    return sign


def _raised_in(results: Sequence[Result]) -> str:
    return f"{line_of(results[0].event)} · {names(results)}" if results else ""


def no_function(evidence: Evidence) -> str:
    """The file was loaded, and the function is not in it."""
    return "the whole file" if evidence.failed.get("message") == MISSING else ""


def reordered(evidence: Evidence) -> str:
    """The function has the task's inputs by their names, but in another order."""
    parameters = evidence.parameters
    if parameters[: len(INPUTS)] == INPUTS or not set(INPUTS) <= set(parameters):
        return ""
    return f"its inputs are {', '.join(parameters)}"


def uncallable(evidence: Evidence) -> str:
    """The function can't be called with five inputs."""
    # Without a line of the solution's: it is the check's own call that failed.
    pattern = r"TypeError: \S+\(\) (takes|missing)"
    found = [r for r in evidence.results if re.search(pattern, r.raised)]
    found = [r for r in found if r.event["line"] is None]
    return f"the check's own call · {names(found)}" if found else ""


def no_stream(evidence: Evidence) -> str:
    """Dropout drew, and the call had been given no stream at all."""
    return _raised_in([r for r in _without_key(evidence) if not _streams(r)])


def misnamed(evidence: Evidence) -> str:
    """Dropout drew, and the call had been given streams, but not Dropout's."""
    loud = _raised_in([r for r in _without_key(evidence) if _streams(r)])
    return loud or _fall_back(evidence, lambda layer: len(layer["streams"]) > 1)


def _without_key(evidence: Evidence) -> list[Result]:
    pattern = r"InvalidRngError: .* needs PRNG for (?!\"params\")"
    return [result for result in evidence.results if re.search(pattern, result.raised)]


def _streams(result: Result) -> list[str]:
    """What the last call of the case had been given."""
    layers = result.event["layers"]
    return list(layers[-1]["streams"]) if layers else []


def falls_back(call: str) -> Sign:
    """Dropout drew in a call (``init`` or ``apply``) from ``params``, the only stream there."""
    return lambda evidence: _fall_back(
        evidence, lambda layer: layer["call"] == call and list(layer["streams"]) == ["params"]
    )


def _fall_back(evidence: Evidence, matches: Callable[[Event], bool]) -> str:
    for layer in evidence.layers:
        served = layer.get("draws") and "params" in layer["streams"]
        if served and layer["stream"] not in layer["streams"] and matches(layer):
            given = ", ".join(map(repr, layer["streams"]))
            return f"{layer['path'] or 'the model'} in {layer['call']} · streams given: {given}"
    return ""


def one_key_in_init(evidence: Evidence) -> str:
    """`init` was given one key for both streams, by a solution that has two different seeds."""
    found = [result for result, params, dropout in _keys_of_init(evidence) if params == dropout]
    return f"init · {names(found)}" if found else ""


def swapped_in_init(evidence: Evidence) -> str:
    """`init` was given the keys of the two seeds, each for the other's stream."""
    found = [
        result
        for result, *keys in _keys_of_init(evidence)
        if keys == [_words(dropout_key(result.case)), _words(seed_key(result.case))]
    ]
    return f"init · {names(found)}" if found else ""


def _keys_of_init(evidence: Evidence) -> Iterator[tuple[Result, list[int], list[int]]]:
    for result in evidence.results:
        streams = next((r["streams"] for r in _calls(result) if r["call"] == "init"), {})
        params, dropout = streams.get("params"), streams.get("dropout")
        if params and dropout and int(result.case.seed) != int(result.case.dropout_seed):
            yield result, params, dropout


def _calls(result: Result) -> list[Event]:
    return result.event.get("layers", [])


def _words(key: jax.Array) -> list[int]:
    return np.asarray(key).tolist()


def never_applied(evidence: Evidence) -> str:
    """Numbers are wrong, and the layers ran within `init` alone."""
    calls = {layer["call"] for layer in evidence.layers}
    return names(evidence.wrong) if evidence.wrong and calls == {"init"} else ""


def no_dropout(evidence: Evidence) -> str:
    """Nothing is ever dropped, and Flax's Dropout was not among the layers."""
    layers = {layer["layer"] for layer in evidence.layers}
    if layers == {"Dense"} and evidence.explained_by(EVALUATION.run):
        return names(evidence.wrong)
    return ""


def more_layers(evidence: Evidence) -> str:
    """Numbers are wrong, and there are more layers than the task's two."""
    others = _paths(evidence) - _PATHS
    if not evidence.wrong or not others or not _paths(evidence) >= _PATHS:
        return ""
    return f"module paths {', '.join(map(repr, sorted(others)))}"


def renamed(evidence: Evidence) -> str:
    """Numbers are wrong, and the layers are not at the module paths of the task's model."""
    others = _paths(evidence) - _PATHS
    if not evidence.wrong or not others or _paths(evidence) >= _PATHS:
        return ""
    return f"module paths {', '.join(map(repr, sorted(others)))} in place of 'Dense_0', 'Dropout_0'"


def _paths(evidence: Evidence) -> set[str]:
    return {layer["path"] for layer in evidence.layers}
