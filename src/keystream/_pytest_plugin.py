"""pytest with ``--keystream``: every test is audited, and fails on what the audit finds.

A mark allows what a test means to do: ``@pytest.mark.keystream(allow=["KS101"])``, by code or name;
``@pytest.mark.keystream(audit=False)`` leaves a test alone.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Any

import pytest

from keystream._codes import CODES
from keystream._findings import Finding, Report

_MARK = "keystream(allow=[...], audit=True): codes or names of mistakes that the test means to make"


class RandomnessMistakes(pytest.fail.Exception):
    """What the audit of a test found; not raised by the test itself."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--keystream``."""
    group = parser.getgroup("keystream", "randomness")
    group.addoption(
        "--keystream", action="store_true", help="audit every test for randomness mistakes"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    config.addinivalue_line("markers", _MARK)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Run the test within an audit."""
    mark = item.get_closest_marker("keystream")
    wanted = mark is None or mark.kwargs.get("audit", True)
    if not item.config.getoption("--keystream") or not wanted:
        return (yield)
    from keystream._session import audit  # noqa: PLC0415  # without the option no JAX is loaded

    with audit(item.nodeid) as session:
        result = yield
    allowed = _codes(mark.kwargs.get("allow", ()) if mark is not None else ())
    assert session.report is not None
    found = _kept(session.report, allowed)
    if found:
        raise RandomnessMistakes(_text(session.report, found), pytrace=False)
    return result


def _codes(names: Iterable[str]) -> frozenset[str]:
    """Codes, given as such or by the names of the mistakes.

    Raises:
        pytest.UsageError: there is no such code or name.
    """
    by_name = {name: code for code, name in CODES.items()}
    names = (names,) if isinstance(names, str) else tuple(names)
    for name in names:
        if name not in CODES and name not in by_name:
            raise pytest.UsageError(f"keystream: there is no code or mistake named {name!r}")
    return frozenset(by_name.get(name, name) for name in names)


def _kept(report: Report, allowed: frozenset[str]) -> tuple[Finding, ...]:
    return tuple(
        finding for finding in report.findings if finding.counts and finding.code not in allowed
    )


def _text(report: Report, findings: tuple[Finding, ...]) -> str:

    from keystream._report import render  # noqa: PLC0415

    return render(replace(report, findings=findings), "text")
