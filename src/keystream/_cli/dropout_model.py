"""``keystream dropout-model``: run the dropout exercise's model on numbers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from keystream.errors import BadExerciseInputError, RateOutOfRangeError

if TYPE_CHECKING:
    from keystream._exercise.reading import Vector

_SCALARS = ("seed", "dropout_seed", "drop_rate", "deterministic")

_HELP_X = """numbers, separated by commas or spaces, a JSON list, the path of a .npy, .json or .csv
file (a .csv holds one row or one column; a first line of names is skipped), or - for standard input;
nan and inf are numbers here, and in JSON they are the strings "NaN", "Infinity", "-Infinity\""""

_PLACE = "keystream dropout-model"
_EXAMPLE = f"{_PLACE} --x 1,2,3,4 --dropout-seed 7 --drop-rate 0.5 --deterministic 0"
_LONGEST = 16_384  # numbers: the dense layer's weights are then 1 GiB


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = f"example:\n  {_EXAMPLE}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter  # leaves the example in one line
    # Scalars stay text here: argparse would report a bad one in words of its own.
    parser.add_argument("--x", required=True, metavar="X", help=_HELP_X)
    parser.add_argument("--seed", default="0", help="of the stream params (default: 0)")
    parser.add_argument("--dropout-seed", default="1", help="of the stream dropout (default: 1)")
    parser.add_argument(
        "--drop-rate", default="0.5", help="probability of dropping, in [0, 1] (default: 0.5)"
    )
    parser.add_argument(
        "--deterministic",
        default="0",
        metavar="FLAG",
        help="from 0.5 on nothing is dropped, as in evaluation (default: 0)",
    )
    parser.add_argument("--json", action="store_true", help="print inputs and output as JSON")
    parser.add_argument(
        "--explain", action="store_true", help="say which streams init and apply used, and why"
    )


def prepare(words: Sequence[str]) -> list[str]:
    """Bind to each option the words up to the next one: ``--x -1 -2`` is ``--x=-1 -2``.

    argparse would take ``-1,2``, ``-1e3`` and ``-inf`` for options, as they start with a dash.
    """
    bound: list[str] = []
    for word in words:
        if not bound or word.startswith("--") or word == "-h" or not bound[-1].startswith("--"):
            bound.append(word)
        else:
            bound[-1] += f"{' ' if '=' in bound[-1] else '='}{word}"
    return bound


def run(arguments: argparse.Namespace) -> int:
    """Run the model and print its output: one line of numbers, or one of JSON.

    Raises:
        KeystreamError: KS004 or KS010, an input is not what the exercise takes; KS007 without Flax.
    """
    from keystream._exercise import reading

    scalars = {name: reading.number(name, getattr(arguments, name)) for name in _SCALARS}
    x = reading.vector(arguments.x)
    y = _compute(x, scalars)
    explanation = None
    if arguments.explain:
        from keystream._exercise.explain import explain

        explanation = explain(x, scalars["drop_rate"], scalars["deterministic"] >= 0.5)
    if arguments.json:
        document: dict[str, object] = {
            name: reading.number_for_json(value) for name, value in scalars.items()
        }
        document["x"] = reading.for_json(x)
        document["output"] = reading.for_json(y)
        if explanation is not None:
            document["streams"] = explanation.to_json()
        print(json.dumps(document, allow_nan=False))
        return 0
    print(", ".join(str(value) for value in y))  # NumPy's shortest text that reads back the same
    if explanation is not None:
        print(f"\n{explanation}")
    return 0


def _compute(x: Vector, scalars: dict[str, float]) -> Vector:
    import numpy as np

    from keystream.dropout_model import run_dropout_model

    if x.size > _LONGEST:
        raise BadExerciseInputError(
            f"x holds {x.size} numbers, but the command takes at most {_LONGEST}",
            where=_PLACE,
            why="the dense layer has as many weights as the square of that",
            fix="call keystream.dropout_model.run_dropout_model where there is the memory for it",
        )
    try:
        return np.asarray(run_dropout_model(x=x, **scalars))
    except (BadExerciseInputError, RateOutOfRangeError) as error:
        # The same mistake, with the place and the remedy of a command line.
        raise type(error)(error.what, where=_PLACE, why=error.why, fix=_EXAMPLE) from None
