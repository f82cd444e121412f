"""Writes errors.md from the docstrings of the error classes, which `keystream rule` prints too.

python docs/generate_errors.py
"""

import inspect
from pathlib import Path

from keystream._codes import CODES
from keystream.errors import KeystreamError, by_code

PAGE = Path(__file__).parent / "errors.md"

HEAD = """\
<!-- Written by docs/generate_errors.py from the docstrings in keystream.errors. Edit those. -->

# Errors

Every error of the library is a `KeystreamError`, which is a `ValueError`. Its message says what
happened, where, why it matters, and what to write instead; the last line has the code.
`keystream rule KS001` prints what stands here.

A code names a mistake. Codes are added, never renumbered and never reused.

| Code | Mistake |
| --- | --- |
"""


def page() -> str:
    """The text of errors.md."""
    pages = by_code()
    rows = [f"| [{code}](#{code.lower()}-{CODES[code]}) | {CODES[code]} |" for code in pages]
    sections = [section(code, cls) for code, cls in pages.items()]
    return HEAD + "\n".join(rows) + "\n" + "".join(sections)


def section(code: str, cls: type[KeystreamError]) -> str:
    """One code: heading, docstring, class."""
    text = inspect.getdoc(cls) or ""
    name = f"Raised as `keystream.errors.{cls.__name__}`."
    return f"\n## {code} {CODES[code]}\n\n{text}\n\n{name}\n"


if __name__ == "__main__":
    PAGE.write_text(page())
