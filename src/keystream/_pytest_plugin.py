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
from keystream._suggestions import code_meant, did_you_mean

_OPTIONS = ("allow", "audit")
_MARK = "keystream(allow=[...], audit=True): codes or names of mistakes that the test means to make"


class RandomnessMistakes(pytest.fail.Exception):
    """What the audit of a test found; not raised by the test itself."""


class MarkNotUnderstood(pytest.fail.Exception):
    """A mark of a test that says what there is not; the test was not run."""


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
    if not item.config.getoption("--keystream"):
        return (yield)
    allowed = _allowed(mark)
    if not wanted:
        return (yield)
    from keystream._session import audit  # noqa: PLC0415  # without the option no JAX is loaded

    with audit(item.nodeid) as session:
        result = yield
    assert session.report is not None
    found = _kept(session.report, allowed)
    if found:
        raise RandomnessMistakes(_text(session.report, found), pytrace=False)
    return result


def _allowed(mark: pytest.Mark | None) -> frozenset[str]:
    """The codes that a mark allows, given as such or by the names of the mistakes.

    Raises:
        MarkNotUnderstood: the mark says something else; the test fails, and does not run.
    """
    if mark is None:
        return frozenset()
    unknown = [name for name in mark.kwargs if name not in _OPTIONS]
    if unknown:
        listed = f"it takes {' and '.join(_OPTIONS)}"
        raise _not_understood(
            f"has no option {unknown[0]!r}", did_you_mean(unknown[0], _OPTIONS, listed)
        )
    if mark.args:
        raise _not_understood(
            f"is given {mark.args[0]!r} without a name", f"write allow={list(mark.args)!r}"
        )
    given: str | Iterable[str] = mark.kwargs.get("allow", ())
    names = (given,) if isinstance(given, str) else tuple(given)
    by_name = {name: code for code, name in CODES.items()}
    for name in names:
        if name not in CODES and name not in by_name:
            raise _not_understood(f"allows {name!r}, which is no code or mistake", code_meant(name))
    return frozenset(by_name.get(name, name) for name in names)


def _not_understood(what: str, fix: str) -> MarkNotUnderstood:
    return MarkNotUnderstood(f"the mark keystream {what}\n  fix:   {fix}", pytrace=False)


def _kept(report: Report, allowed: frozenset[str]) -> tuple[Finding, ...]:
    return tuple(
        finding for finding in report.findings if finding.counts and finding.code not in allowed
    )


def _text(report: Report, findings: tuple[Finding, ...]) -> str:

    from keystream._report import render  # noqa: PLC0415

    return render(replace(report, findings=findings), "text")
