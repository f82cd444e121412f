"""What ``keystream audit nb.ipynb`` runs in the kernel of the notebook, before its cells and after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from keystream._audit.window import Window
from keystream._ipython.magics import KeystreamMagics
from keystream._report.document import as_saved
from keystream._session.running import Files

_magics: list[KeystreamMagics] = []


def begin(
    shell: Any, program: str, record: str | None, after: list[str], window: dict[str, Any]
) -> None:
    """Audit all cells from here."""
    magics = KeystreamMagics(shell)
    magics.begin(program, Files.of(record, after), Window(**window))
    _magics.append(magics)


def finish(path: str) -> None:
    """End the audit, and leave its report in a file; places are cells by the number in brackets."""
    magics = _magics.pop()
    report = magics.end()
    magics.close()
    assert report is not None
    Path(path).write_text(json.dumps(as_saved(report), default=str), encoding="utf-8")
