"""``keystream rule``: the page of a code."""

from __future__ import annotations

import argparse
import io
import sys
from typing import Any

from keystream import _rules
from keystream._address import page_of
from keystream._codes import CODES
from keystream._suggestions import code_meant

WIDTH = 100  # columns of a page at most: longer lines are hard to read


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
        _print_list()
        return 0
    names = {name: code for code, name in CODES.items()}
    code = names.get(arguments.code.lower(), arguments.code.upper())
    if code not in CODES:
        print(
            f"keystream rule: there is no code {arguments.code!r}\n"
            f"  fix:   {code_meant(arguments.code)}",
            file=sys.stderr,
        )
        return 2
    _print_page(code)
    return 0


def _print_list() -> None:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for code, name in sorted(CODES.items()):
        table.add_row(code, name, _summary(code))
    _print(table)


def _print_page(code: str) -> None:
    """The page as people read it: headings, wrapped text, code apart."""
    from rich.markdown import Markdown
    from rich.text import Text

    _print(Text(f"{code} {CODES[code]}\n", style="bold"))
    _print(Markdown(_rules.text(code), code_theme="ansi_dark"))
    if address := page_of(code):
        _print(Text(f"\n{address}", style=f"link {address}"))


def _print(what: Any) -> None:
    """Print with colours and the width of a terminal; elsewhere plainly, without spaces at line ends."""
    from rich.console import Console

    if sys.stdout.isatty():
        console = Console(file=sys.stdout, highlight=False)
        console.width = min(console.width, WIDTH)
        console.print(what)
        return
    plain = Console(file=io.StringIO(), highlight=False, width=WIDTH, color_system=None)
    with plain.capture() as captured:
        plain.print(what)
    lines = (line.rstrip() for line in captured.get().splitlines())
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _summary(code: str) -> str:
    """The first sentence of a page."""
    return " ".join(_rules.text(code).partition("\n\n")[0].split())
