"""Reads our docstrings the way they are written, and shows defaults as numbers."""

import re

from griffe import Extension, Function, Object

_EXAMPLE = re.compile(r"^Example:$", re.MULTILINE)
_GUARANTEE = re.compile(r"^Guarantee:", re.MULTILINE)
_POWER = re.compile(r"(?<=\d)\*\*(?=-?\d)")
_DEFAULTS = {"MISSING": "...", "WORD": "2**32", "LAYOUT": "1", "_ALL_MASKED": "(1.0, 0.0, 0.0)"}


class OurDocstrings(Extension):
    """``Example:`` holds doctests, ``Guarantee:`` a paragraph, and ``2**32`` is no bold type."""

    def on_object(self, *, obj: Object, **_: object) -> None:
        """Rewrite one docstring before it is parsed."""
        if obj.docstring is not None:
            text = _EXAMPLE.sub("Examples:", obj.docstring.value)
            text = _GUARANTEE.sub("**Guarantee:**", text)
            obj.docstring.value = "\n".join(_escape(line) for line in text.split("\n"))

    def on_function(self, *, func: Function, **_: object) -> None:
        """Put the value of a default in the place of its private name."""
        for parameter in func.parameters:
            shown = _DEFAULTS.get(str(parameter.default))
            if shown:
                parameter.default = shown


def _escape(line: str) -> str:
    """Powers of two as they are, but in code, where Markdown leaves them alone."""
    if line.lstrip().startswith((">>>", "...")):
        return line
    parts = line.split("`")
    parts[::2] = [_POWER.sub(r"\*\*", part) for part in parts[::2]]
    return "`".join(parts)
