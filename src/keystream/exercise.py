"""The dropout exercise in a notebook: check a function, and see what it did with its keys.

`check` calls the function on the cases of ``keystream exercise check``, in this process, and answers
with a picture: which seed's key reached which stream, and which values were dropped. `hints` shows
the hints of the task, and `masks` draws masks. ``examples/lesson.ipynb`` uses all three.
"""

from __future__ import annotations

from keystream._exercise.answer import Answer
from keystream._exercise.calling import check
from keystream._exercise.showing import Hints, Masks, hints, masks

__all__ = ["Answer", "Hints", "Masks", "check", "hints", "masks"]
