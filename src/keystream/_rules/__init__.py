"""One file a rule, named after the mistake of its code; the docstring of a file is the rule's page.

A rule judges a recording (`recorded`), source (`read`), or both. The table of codes says which files
there are; none is imported before it is used, and none loads JAX.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Literal

from keystream._codes import CODES
from keystream._findings import Finding

Rule = Callable[[Any], Iterator[Finding]]


@functools.cache
def rules(kind: Literal["recorded", "read"]) -> tuple[Rule, ...]:
    """The functions that judge one kind of evidence, in the order of their codes."""
    modules = (page(code) for code in CODES)
    return tuple(
        getattr(module, kind) for module in modules if module is not None and hasattr(module, kind)
    )


@functools.cache
def unread() -> frozenset[str]:
    """The codes that source never shows, or seldom: a comment that ignores them may be the audit's."""
    modules = {code: page(code) for code in CODES}
    return frozenset(
        code
        for code, module in modules.items()
        if module is not None
        and hasattr(module, "recorded")
        and (not hasattr(module, "read") or hasattr(module, "SELDOM_READ"))
    )


@functools.cache
def page(code: str) -> ModuleType | None:
    """The rule's module, or None where a code has no file: the library's own errors have none."""
    if code < "KS1":
        return None
    name = f"{__name__}.{CODES[code].replace('-', '_')}"
    if importlib.util.find_spec(name) is None:
        return None
    return importlib.import_module(name)
