"""One file a rule, named after the mistake of its code; the docstring of a file is the rule's page.

A rule judges a recording (`recorded`), source (`read`), or both; of two uses of one key it says whether
it `holds`, of two generators of the host that begin alike whether it `begins`, of a draw that is shared
within a call whether it `shares`; `RANK` says which rule is asked
first, where several might. The table of codes says which files
there are; none is imported before it is used, and none loads JAX.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Literal

from keystream._codes import CODES
from keystream._evidence.pairs import Pair
from keystream._evidence.shared import Shared
from keystream._findings import Finding, Severity
from keystream.errors import by_code

Rule = Callable[[Any], Iterator[Finding]]


@functools.cache
def rules(kind: Literal["recorded", "read"]) -> tuple[Rule, ...]:
    """The functions that judge one kind of evidence, in the order of their codes."""
    modules = (page(code) for code in CODES)
    return tuple(
        getattr(module, kind) for module in modules if module is not None and hasattr(module, kind)
    )


@functools.cache
def _ranked(kind: str) -> tuple[tuple[str, Callable[[Any], Severity | None]], ...]:
    modules = [(code, module) for code in CODES if hasattr(module := page(code), kind)]
    modules.sort(key=lambda each: each[1].RANK)  # pyright: ignore
    return tuple((code, getattr(module, kind)) for code, module in modules)


def verdict(evidence: Pair | Shared) -> tuple[str, Severity] | None:
    """The code and severity of two uses of one key, or of what one draw shared.

    That of the first rule, by rank, that holds.
    """
    for code, holds in _ranked(_asked(evidence)):
        severity = holds(evidence)
        if severity is not None:
            return code, severity
    return None


def _asked(evidence: Pair | Shared) -> str:
    """The function of a rule that answers: `holds` for keys, `begins` for generators of the host."""
    if not isinstance(evidence, Pair):
        return "shares"
    return "begins" if evidence.of_host else "holds"


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
def from_source() -> tuple[str, ...]:
    """The codes that the audit takes from the source of what ran: the values of one run look right."""
    return tuple(code for code in CODES if hasattr(page(code), "FROM_SOURCE"))


@functools.cache
def page(code: str) -> ModuleType | None:
    """The rule's module, or None where a code has no file: the library's own errors have none."""
    if code < "KS1":
        return None
    name = f"{__name__}.{CODES[code].replace('-', '_')}"
    if importlib.util.find_spec(name) is None:
        return None
    return importlib.import_module(name)


def text(code: str) -> str:
    """The page of a code, in Markdown: the rule's docstring, or that of the library's own error."""
    return inspect.getdoc(page(code) or by_code()[code]) or ""
