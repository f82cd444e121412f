"""``keystream server``: the language server that editors start."""

from __future__ import annotations

import argparse

from keystream._extras import require


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--stdio", action="store_true", help="talk over standard input and output; it always does"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until the editor ends the session."""
    del arguments
    require("pygls", purpose="keystream server")
    from keystream._language_server.features import make_server

    make_server().start_io()
    return 0
