"""What the lesson shows beside answers: masks as pictures, and hints that unfold."""

from __future__ import annotations

import html
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jax.typing import ArrayLike

from keystream._exercise.picture import svg_of_masks, words_of_masks
from keystream._exercise.task import HINTS
from keystream.errors import BadExerciseInputError


@dataclass(frozen=True, repr=False)
class Masks:
    """Masks, one below the other; `masks` makes them.

    Attributes:
        rows: for each name, which values were kept.
    """

    rows: Mapping[str, Sequence[bool]]

    def __repr__(self) -> str:
        return words_of_masks(self.rows)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": svg_of_masks(self.rows)}


def masks(rows: Mapping[str, ArrayLike]) -> Masks:
    """Draw which values were kept: a full cell where an output is not 0.

    Args:
        rows: outputs of a model, or masks, by the name that stands beside each; of any shape.

    Returns:
        What a notebook shows as a picture, and ``print`` as ``#`` (kept) and ``.`` (dropped).

    Raises:
        BadExerciseInputError: KS010, what is given has no names.

    Example:
        >>> from keystream import exercise
        >>> exercise.masks({"step 0": [1.0, 0.0, 0.0], "step 1": [0.0, 2.0, 2.0]})
        step 0  #..
        step 1  .##
    """
    if not isinstance(rows, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise BadExerciseInputError(
            f"rows is {reprlib.repr(rows)}, not a mapping",
            where="keystream.exercise.masks",
            why="a name stands beside each row",
            fix='name the rows: exercise.masks({"step 0": y0, "step 1": y1})',
        )
    return Masks({name: (np.asarray(row).ravel() != 0).tolist() for name, row in rows.items()})


@dataclass(frozen=True, repr=False)
class Hints:
    """The hints of the exercise; `hints` makes them."""

    def __repr__(self) -> str:
        return "\n\n".join(f"Hint {number}\n{hint}" for number, hint in enumerate(HINTS, 1))

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        style = "margin:.3em 0 .6em 1.2em;white-space:pre-wrap;color:inherit;background:none"
        parts = [
            f'<details><summary style="cursor:pointer">hint {number}</summary>'
            f'<pre style="{style}">{html.escape(hint)}</pre></details>'
            for number, hint in enumerate(HINTS, 1)
        ]
        return {
            "text/plain": repr(self),
            "text/html": f'<div class="keystream">{"".join(parts)}</div>',
        }


def hints() -> Hints:
    """Show the hints of the exercise; in a notebook each of them unfolds by itself.

    Returns:
        What a notebook shows folded, and ``print`` in full.
    """
    return Hints()
