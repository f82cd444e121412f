"""Reports: one renderer a format, over the plain data of `keystream._findings`. Loads no JAX."""

from __future__ import annotations

import importlib
from typing import Final

from keystream._findings import Report

# name -> the module that has `render(report) -> str`; none is imported before it is used.
FORMATS: Final = {
    "text": "keystream._report.text",
    "json": "keystream._report.document",
    "sarif": "keystream._report.sarif",
    "github": "keystream._report.github",
    "html": "keystream._report.page",
}


def render(report: Report, form: str) -> str:
    """The report in one of `FORMATS`, ending with a newline."""
    return importlib.import_module(FORMATS[form]).render(report)
