"""Audits the programs given, one after the other in this process, and prints what was found as JSON."""

import contextlib
import io
import json
import sys
from pathlib import Path

import keystream as ks
from keystream._audit.run import run_script


def audited(path: str) -> dict[str, object]:
    hidden = io.StringIO()
    output, errors = contextlib.redirect_stdout(hidden), contextlib.redirect_stderr(hidden)
    with output, errors, ks.audit(path) as audit:
        ending = run_script(path, [])
        audit.recording.error = ending.error
    return {
        "error": repr(ending.error) if ending.error else "",
        "unseen": audit.recording.unseen,
        "accounts": audit.report.summary["accounts"],
        "findings": [
            {"code": f.code, "severity": f.severity, "lines": [place.line for place in f.locations]}
            for f in audit.report.findings
        ],
    }


if __name__ == "__main__":
    print(json.dumps({Path(path).stem: audited(path) for path in sys.argv[1:]}))
