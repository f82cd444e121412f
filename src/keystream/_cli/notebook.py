"""``keystream audit nb.ipynb``: the cells run in a kernel of their own, and the report names them."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keystream._extras import require
from keystream._findings import Finding, Location, Report
from keystream._whole_file import replacing

if TYPE_CHECKING:
    from keystream._cli.delivery import Delivery

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # of IPython's tracebacks, which are for a screen
_PURPOSE = "the audit of a notebook"
_MODULE = "__import__('importlib').import_module('keystream._ipython.kernel')"


def run(arguments: argparse.Namespace, delivery: Delivery) -> int:
    """Run the notebook and deliver its report.

    Returns:
        1 where a cell failed or something was found, 2 where there is no report, else 0.

    Raises:
        MissingExtraError: KS007, nbformat, nbclient or ipykernel is not installed.
    """
    from keystream._cli.audit import exit_code

    nbformat = require("nbformat", "nbclient", "ipykernel", purpose=_PURPOSE)
    path = Path(arguments.program)
    notebook: Any = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory(prefix="keystream-") as folder:
        report = Path(folder) / "report.json"
        failed = _run_cells(notebook, path, arguments, report)
        if arguments.executed:
            with replacing(Path(arguments.executed)) as file:
                file.write(f"{nbformat.writes(notebook)}\n".encode())
        if not report.is_file():
            print(f"keystream audit: {failed or 'the kernel left no report'}", file=sys.stderr)
            return 2
        made = _by_cell(report, path, notebook)
    if failed:
        print(failed if sys.stderr.isatty() else _COLOURS.sub("", failed), file=sys.stderr)
    delivery.deliver(made)
    delivery.finish()
    if delivery.failures:
        return 2
    return int(bool(failed)) or exit_code(made, arguments)


def _run_cells(notebook: Any, path: Path, arguments: argparse.Namespace, report: Path) -> str:
    """Run the cells in a kernel under an audit; what ended them early, empty where nothing did."""
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    from nbformat.v4 import new_code_cell

    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",  # that of this interpreter: keystream is there
        extra_arguments=["--IPKernelApp.log_level=40"],  # its warnings are not the program's
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    options = {
        "from_step": arguments.from_step,
        "steps": arguments.steps,
        "seconds": arguments.seconds,
        "until_finding": arguments.until_first_finding,
    }
    record = str(Path(arguments.record).resolve()) if arguments.record else None
    after = [str(Path(each).resolve()) for each in arguments.after]
    begin = f"get_ipython(), {str(path)!r}, {record!r}, {after!r}, {options!r}"

    def hidden(code: str) -> None:
        """Run what is no cell of the notebook; the client writes each cell back to its place."""
        notebook.cells.append(new_code_cell(f"{_MODULE}.{code}"))
        try:
            client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1, store_history=False)
        finally:
            notebook.cells.pop()

    failed = ""
    try:
        with client.setup_kernel():
            hidden(f"begin({begin})")
            try:
                for index, cell in enumerate(notebook.cells):
                    client.execute_cell(cell, index)
            except CellExecutionError as error:
                failed = str(error)
            hidden(f"finish({str(report)!r})")
    except (DeadKernelError, CellExecutionError, NoSuchKernel) as error:
        failed = str(error)
    return failed


def _by_cell(report: Path, path: Path, notebook: Any) -> Report:
    """The report with the notebook's cells, counted as lint counts them, in place of runs of cells."""
    from keystream._report.document import read

    made = read(report.read_text(encoding="utf-8"))
    places = {
        cell.execution_count: number
        for number, cell in enumerate(notebook.cells, 1)
        if cell.cell_type == "code" and cell.execution_count
    }

    def place(location: Location) -> Location:
        if not location.cell or location.cell not in places:
            return location
        return replace(location, path=str(path), cell=places[location.cell])

    def words(text: str) -> str:
        for ran, number in sorted(places.items(), reverse=True):
            if ran != number:
                text = text.replace(f"cell {ran}, line", f"cell\0{number}, line")
        return text.replace("\0", " ")

    def mapped(finding: Finding) -> Finding:
        return replace(
            finding,
            message=words(finding.message),
            why=words(finding.why),
            locations=tuple(map(place, finding.locations)),
            related=tuple(map(place, finding.related)),
            lineage=tuple(tuple(map(words, steps)) for steps in finding.lineage),
        )

    return replace(made, findings=tuple(map(mapped, made.findings)))
