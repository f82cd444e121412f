"""``keystream audit nb.ipynb``: the cells run in a kernel of their own, and the report names them."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import sys
import tempfile
import threading
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

from keystream._cli.output import discard_output, writable
from keystream._cli.output_file import Output
from keystream._cli.usage import UsageError
from keystream._extras import require
from keystream._findings import Report

if TYPE_CHECKING:
    from keystream._cli.delivery import Delivery

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # of IPython's tracebacks, which are for a screen
_PURPOSE = "the audit of a notebook"
_MODULE = "__import__('importlib').import_module('keystream._ipython.kernel')"
_INTERRUPTED = 130


def run(arguments: argparse.Namespace, delivery: Delivery) -> int:
    """Run the notebook and deliver its report.

    Returns:
        1 where a cell failed or something was found, 2 where there is no report, else 0.

    Raises:
        MissingExtraError: KS007, nbformat, nbclient or ipykernel is not installed.
        UsageError: it is no notebook of Python, or a file can't be written.
    """
    from keystream._cli.audit import exit_code
    from keystream._session.running import Files

    nbformat = require("nbformat", "nbclient", "ipykernel", purpose=_PURPOSE)
    executed = Output(arguments.executed, "--executed") if arguments.executed else None
    path = Path(arguments.program)
    notebook = _read(path, nbformat)
    Files.of(arguments.record, arguments.after).check()
    with tempfile.TemporaryDirectory(prefix="keystream-") as folder:
        report = Path(folder) / "report.json"
        with delivery.program_output():
            ended = _run_cells(notebook, path, arguments, report)
        made, failure = _left(report, ended)
    if ended.failed:
        words = ended.failed if sys.stderr.isatty() else _COLOURS.sub("", ended.failed)
        print(f"keystream audit: {words}", file=sys.stderr)
    delivery.failures.extend([failure] if failure else [])
    if executed is not None:
        try:
            executed.put(f"{nbformat.writes(notebook)}\n")
        except UsageError as error:
            delivery.failures.append(str(error))
    if made is not None:
        delivery.deliver(made)
        delivery.finish()
    if ended.signal == signal.SIGINT:
        return _INTERRUPTED
    if ended.signal:
        os.kill(os.getpid(), ended.signal)  # its handler is the system's again
    if made is None or delivery.failures:
        return 2
    return int(bool(ended.failed)) or exit_code(made, arguments)


def _read(path: Path, nbformat: Any) -> Any:
    """The notebook.

    Raises:
        UsageError: it is none, or one of another language.
    """
    try:
        notebook: Any = nbformat.read(path, as_version=4)
        about = notebook.metadata
        any(map(_is_run, notebook.cells))  # it has what will be read of it
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{path} can't be read: {reason}", fix="check its name") from error
    except (ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        said = str(error).strip().split("\n")[0][:200]
        raise UsageError(
            f"{path} is not a notebook that can be read: {said}",
            fix="open it in Jupyter, which shows what is wrong with it, and save it again",
        ) from error
    kernel, language = about.get("kernelspec", {}), about.get("language_info", {})
    name = str(kernel.get("language") or language.get("name") or "python")
    if name.lower() not in ("python", "ipython"):
        raise UsageError(
            f"{path} is a notebook of {name}",
            why="the audit watches JAX, in a kernel of Python",
            fix="keystream audit a notebook whose kernel is Python",
        )
    return notebook


@dataclass
class _Ended:
    """How a notebook ended.

    Attributes:
        failed: what ended it early, for the user to read; empty where nothing did.
        died: where its kernel died; empty where it did not.
        signal: that stopped it; 0 where none did.
    """

    failed: str = ""
    died: str = ""
    signal: int = 0


def _left(path: Path, ended: _Ended) -> tuple[Report | None, str]:
    """The report that the kernel left, if it left one, and what could not be written there."""
    from keystream._report.document import from_document

    if not path.is_file():
        ended.failed = ended.failed or "the kernel left no report"
        return None, ""
    document = json.loads(path.read_text(encoding="utf-8"))
    report = from_document(document["report"])
    if ended.died and "part" not in report.summary:
        part = f"{ended.died}; this was seen before"
        report = replace(report, summary={**report.summary, "part": part})
    return report, document["failure"]


def _is_run(cell: Any) -> bool:
    """Whether nbclient runs a cell."""
    skipped = "skip-execution" in cell.metadata.get("tags", ())
    return cell.cell_type == "code" and bool(cell.source.strip()) and not skipped


def _options(notebook: Any, path: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """What `keystream._ipython.kernel.begin` is told."""
    return {
        "program": str(path),
        "arguments": list(arguments.arguments),
        "numbers": [n for n, cell in enumerate(notebook.cells, 1) if _is_run(cell)],
        "record": str(Path(arguments.record).absolute()) if arguments.record else None,
        "after": [str(Path(each).absolute()) for each in arguments.after],
        "include_libraries": arguments.include_libraries,
        "window": {
            "from_step": arguments.from_step,
            "steps": arguments.steps,
            "seconds": arguments.seconds,
            "until_finding": arguments.until_first_finding,
        },
    }


def _run_cells(notebook: Any, path: Path, arguments: argparse.Namespace, report: Path) -> _Ended:
    """Run the cells in a kernel under an audit."""
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    from nbformat.v4 import new_code_cell

    class Client(NotebookClient):
        """Shows at once what the cells print."""

        def output(self, outs: Any, msg: Any, display_id: Any, cell_index: Any) -> Any:
            if msg["msg_type"] == "stream":
                content = msg["content"]
                _print(content["text"], sys.stderr if content["name"] == "stderr" else sys.stdout)
            return super().output(outs, msg, display_id, cell_index)

    client = Client(
        notebook,
        timeout=None,
        kernel_name="python3",  # that of this interpreter: keystream is there
        extra_arguments=["--IPKernelApp.log_level=40"],  # its warnings are not the program's
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    client.log.setLevel("CRITICAL")  # what it would log is told below

    def hidden(code: str) -> None:
        """Run what is no cell of the notebook; the client writes each cell back to its place."""
        notebook.cells.append(new_code_cell(f"{_MODULE}.{code}"))
        try:
            client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1, store_history=False)
        finally:
            notebook.cells.pop()

    ended, number = _Ended(), 0
    options = _options(notebook, path, arguments)
    try:
        with client.setup_kernel(), _signals_passed_on(client, ended):
            hidden(f"begin(get_ipython(), {str(report)!r}, {options!r})")
            try:
                for number, cell in enumerate(notebook.cells, 1):
                    client.execute_cell(cell, number - 1)
            except CellExecutionError as error:
                ended.failed = f"cell {number} of {path} failed\n{error.traceback}"
            hidden("finish()")
    except DeadKernelError:
        if not ended.signal:
            ended.died = (
                f"the kernel died in cell {number}" if number else "the kernel died at once"
            )
            ended.failed = f"{ended.died} of {path}; the cells after it were not run"
    except (CellExecutionError, NoSuchKernel, RuntimeError) as error:
        ended.failed = str(error)
    return ended


def _print(text: str, stream: TextIO) -> None:
    """Print what a cell has printed; a reader who has left does not end the notebook."""
    try:
        with writable(stream):
            stream.write(text)
            stream.flush()
    except BrokenPipeError:
        discard_output(stream)


@contextlib.contextmanager
def _signals_passed_on(client: Any, ended: _Ended) -> Generator[None, None, None]:
    """Within the block, the kernel gets the signals that stop a program, and reports before it ends.

    A second one ends the kernel at once.
    """
    from keystream._session.signals import STOPPING

    if os.name != "posix" or threading.current_thread() is not threading.main_thread():
        yield
        return
    kernel = client.km.provisioner.pid

    def handle(number: int, frame: FrameType | None) -> None:
        again, ended.signal = bool(ended.signal), number
        with contextlib.suppress(ProcessLookupError):
            os.kill(kernel, signal.SIGKILL if again else number)

    usual = (signal.SIG_DFL, signal.default_int_handler)
    before = {each: signal.getsignal(each) for each in (*STOPPING, signal.SIGINT)}
    taken = {each: handler for each, handler in before.items() if handler in usual}
    for each in taken:
        signal.signal(each, handle)
    try:
        yield
    finally:
        for each, handler in taken.items():
            signal.signal(each, handler)
