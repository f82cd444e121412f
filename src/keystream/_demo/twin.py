"""The broken twin: a program whose audit has something to say, run as ``keystream audit`` runs one."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from keystream._audit.run import run_script
from keystream._findings import Report
from keystream._session import audit

PROGRAM = Path(__file__).with_name("digits_broken.py")
_IMPORTS = "digits"  # what the program imports from its folder, as a script does


@dataclass(frozen=True)
class Twin:
    """The twin, run.

    Args:
        printed: what it printed.
        report: what the audit says of it.
    """

    printed: str
    report: Report


def run() -> Twin:
    """Run the twin under an audit, in this process.

    Raises:
        UntestedJaxError: this version of JAX can't be looked into (KS011).
    """
    printed, errors = io.StringIO(), io.StringIO()
    hidden = contextlib.redirect_stdout(printed), contextlib.redirect_stderr(errors)
    with _interpreter_put_back(), hidden[0], hidden[1], audit(PROGRAM.name) as session:
        ending = run_script(str(PROGRAM), [])
    if ending.error is not None:  # an interrupt
        raise ending.error
    assert session.report is not None
    return Twin(printed.getvalue(), session.report)


@contextlib.contextmanager
def _interpreter_put_back() -> Generator[None]:
    """Leave no trace of a script's start: its arguments, its folder in the path, its modules."""
    arguments, path = sys.argv, list(sys.path)
    modules = {name: sys.modules.get(name) for name in ("__main__", _IMPORTS)}
    sys.modules.pop(_IMPORTS, None)
    try:
        yield
    finally:
        sys.argv, sys.path[:] = arguments, path
        for name, module in modules.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module
