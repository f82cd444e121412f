"""``keystream rule``: the page of a code."""

from __future__ import annotations

import argparse
import inspect
import sys

from keystream._codes import CODES
from keystream.errors import by_code


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("code", nargs="?", help="such as KS001; all codes are listed without one")


def run(arguments: argparse.Namespace) -> int:
    """Print the page of one code, or the list of all."""
    pages = by_code()
    if arguments.code is None:
        print("\n".join(f"{code}  {CODES[code]}" for code in pages))
        return 0
    code = arguments.code.upper()
    if code not in pages:
        print(
            f"keystream rule: there is no code {arguments.code!r}\n"
            "  fix:   keystream rule   (lists every code)",
            file=sys.stderr,
        )
        return 2
    print(f"{code} {CODES[code]}\n\n{inspect.getdoc(pages[code])}")
    return 0
