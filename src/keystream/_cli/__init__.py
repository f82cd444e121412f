"""The ``keystream`` command: one module per subcommand, none of them imported before it is used.

A command module has a docstring whose first line is its help, ``configure(parser)`` to declare its
arguments and ``run(arguments) -> int`` for the work; it may have ``prepare(words)``, which rewrites the
words that argparse would misread. Neither it nor this module loads JAX when imported; ``run`` imports
what it needs. Exit codes: 0 done, 1 the command's own finding, 2 it could not run.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Sequence

from keystream import _address
from keystream._cli.output import discard_output, open_missing, reader_may_leave, writable
from keystream._cli.usage import Parser, UsageError, or_else
from keystream._version import __version__
from keystream.errors import KeystreamError

# name -> (module, one line of help); the line stands here so that --help imports no command.
COMMANDS: dict[str, tuple[str, str]] = {
    "audit": ("keystream._cli.audit", "run a program and report its randomness mistakes"),
    "demo": ("keystream._cli.demo", "train a digits classifier whose every draw is named"),
    "diff": ("keystream._cli.diff", "name the first draw at which two recorded runs part"),
    "dropout-model": ("keystream._cli.dropout_model", "run the dropout exercise's model"),
    "exercise": ("keystream._cli.exercise", "show the dropout exercise, or check a solution"),
    "identify": ("keystream._cli.identify", "read a key back to its stream and step"),
    "lint": ("keystream._cli.lint", "find randomness mistakes in source, without running it"),
    "migrate": ("keystream._cli.migrate", "show keys threaded by hand rewritten to named streams"),
    "plan": ("keystream._cli.plan", "list every draw that a function will make"),
    "report": ("keystream._cli.report", "show the report of recorded runs, of several together"),
    "rule": ("keystream._cli.rule", "explain a code such as KS001"),
    "server": (
        "keystream._cli.server",
        "serve an editor: findings and quick fixes while one types",
    ),
}

COULD_NOT_RUN = 2
INTERRUPTED = 130
_FURTHER = "`keystream rule KS101` explains a code. Documentation: {}"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        argv: the arguments after the program's name; those of the process by default.

    Returns:
        0 done, 1 the command's own finding (a solution that is wrong, say), 2 it could not run.
    """
    code = 0
    open_missing()
    try:
        with reader_may_leave():
            code = _run(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:
        if argv is None and "jax" in sys.modules:
            sys.stdout.flush()
            os._exit(INTERRUPTED)  # XLA, interrupted while it compiles, aborts as Python winds down
        return INTERRUPTED
    except OSError as error:
        if error.errno not in _NO_ROOM or error.filename is not None:
            raise
        print(f"keystream: standard output can't be written: {error.strerror}", file=sys.stderr)
        discard_output()
        return COULD_NOT_RUN
    return code


def _run(words: list[str]) -> int:
    arguments = _parse(words)
    # An audited program prints on the same streams, as they are; its report sees to itself.
    ours = () if arguments.command == "audit" else (sys.stdout, sys.stderr)
    with writable(*ours):
        try:
            return importlib.import_module(COMMANDS[arguments.command][0]).run(arguments)
        except (KeystreamError, UsageError) as error:
            print(f"keystream {arguments.command}: {error}", file=sys.stderr)
            return COULD_NOT_RUN


def _parse(words: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="keystream",
        description="Every random draw in a JAX program: named, checked, reproducible.",
        epilog=_FURTHER.format(_address.DOCUMENTATION or "in the folder docs of the source"),
    )
    parser.add_argument("--version", action="version", version=f"keystream {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    chosen = next((word for word in words if not word.startswith("-")), None)
    if chosen is not None and chosen not in COMMANDS:
        parser.error(f"there is no command {chosen!r}{or_else(chosen, COMMANDS)}")
    for name, (module, line) in COMMANDS.items():
        command = commands.add_parser(name, help=line, description=line.capitalize() + ".")
        if name == chosen:  # configure only the command in use: the others stay unimported
            configured = importlib.import_module(module)
            configured.configure(command)
            if hasattr(configured, "prepare"):
                start = words.index(name) + 1
                words = [*words[:start], *configured.prepare(words[start:])]
    return parser.parse_args(words)
