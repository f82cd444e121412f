"""``keystream rule``: the page of a code."""

from __future__ import annotations

import argparse
import inspect
import sys

from keystream import _rules
from keystream._codes import CODES
from keystream.errors import by_code


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "code",
        nargs="?",
        help="such as KS101, or its name, key-reused; all codes are listed without one",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the page of one code, or the list of all."""
    if arguments.code is None:
        print("\n".join(f"{code}  {name}" for code, name in sorted(CODES.items())))
        return 0
    names = {name: code for code, name in CODES.items()}
    code = names.get(arguments.code.lower(), arguments.code.upper())
    if code not in CODES:
        print(
            f"keystream rule: there is no code {arguments.code!r}\n"
            "  fix:   keystream rule   (lists every code)",
            file=sys.stderr,
        )
        return 2
    print(f"{code} {CODES[code]}\n\n{_page(code)}")
    return 0


def _page(code: str) -> str:
    """What the rule's file says; of what only the library raises, the error's class."""
    rule = _rules.page(code)
    return inspect.getdoc(by_code()[code] if rule is None else rule) or ""
