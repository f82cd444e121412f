"""``keystream plan``: every draw that a function of a module will make."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from keystream._cli.output_file import Output
from keystream._cli.planned_call import (
    WHY_ARGUMENTS,
    check_call,
    example,
    listed,
    parameters,
    read_arguments,
    read_object,
)
from keystream._cli.usage import UsageError
from keystream.errors import KeystreamError

_EXAMPLE = "keystream plan train:step --arg train:params --arg 'float32[32,784]' --arg key"
_HELP_ARG = """an argument of the call, by position, or by name as name=...: key or key[4] for keys,
float32[8,16] for an array, module:name for an object of a module (called, where it is a function),
or a number, True, False, None or a quoted text"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = f"example:\n  {_EXAMPLE}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "function", metavar="module:function", help="train:step, package.module:f, or train.py:step"
    )
    parser.add_argument("--arg", action="append", default=[], metavar="VALUE", help=_HELP_ARG)
    parser.add_argument(
        "--format", choices=("text", "json", "html"), default="text", help="(default: text)"
    )
    parser.add_argument("--output", metavar="FILE", help="write there, not to standard output")


def run(arguments: argparse.Namespace) -> int:
    """Trace the function, print its plan, and return 1 where that shows a mistake.

    Raises:
        UsageError: the function or an argument can't be read, or the function not be traced.
    """
    from keystream._planning import plan

    output = Output(arguments.output)
    sys.path.insert(0, str(Path.cwd()))
    function = read_object(arguments.function)
    if not callable(function):
        raise UsageError(
            f"{arguments.function!r} is not a function",
            why="a plan is of the draws that a call makes",
            fix=example(arguments.function.partition(":")[0]),
        )
    args, kwargs = read_arguments(arguments.arg)
    check_call(function, args, kwargs, arguments)
    try:
        made = plan(function, *args, **kwargs)
    except KeystreamError:
        raise
    except Exception as error:  # the function's own, or JAX's for what does not fit
        said = str(error).strip().partition("\n")[0]
        raise UsageError(
            f"{arguments.function} can't be traced with these arguments: "
            f"{type(error).__name__}: {said}",
            why=WHY_ARGUMENTS,
            fix="give each argument the shape and dtype that it has in your program; "
            f"{arguments.function} takes {listed(parameters(function)) or 'none'}",
        ) from error
    text = {"text": made.__str__, "json": made.to_json, "html": made.to_html}[arguments.format]()
    output.put(f"{text}\n")
    return int(any(finding.counts for finding in made.findings()))
