"""Measure the verdicts: how much is still named in each shape, and what correct programs set off.

python tests/metamorphic/measure.py --audit -n 2 --shapes bare absl --output outcomes.jsonl
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from harness import Job, Outcome, Server, all_shapes, as_record, jobs, programs


def main() -> None:
    """Run the chosen jobs and print the table."""
    options = _options()
    everything = programs()
    chosen = [
        program
        for program in everything
        if any(
            fnmatch(f"{program.kind}/{program.name}", pattern) or fnmatch(program.name, pattern)
            for pattern in options.programs
        )
    ]
    tools = [tool for tool in ("audit", "lint") if getattr(options, tool)] or ["audit", "lint"]
    wanted: list[Job] = []
    for tool in tools:
        shapes = tuple(options.shapes or all_shapes(tool))
        for index, program in enumerate(chosen):
            found = list(jobs(tool, shapes, [program], everything))
            wanted += _rotated(found, index, options.rotate) if options.rotate else found
    outcomes = list(_run(wanted, options.n, options.output))
    for tool in tools:
        _print_tool(tool, [outcome for outcome in outcomes if outcome.tool == tool], options.all)


def _rotated(found: list[Job], index: int, count: int) -> list[Job]:
    """A few of a program's jobs, others for each place in the list; bare is always one of them."""
    bare = [job for job in found if job.shape == "bare"]
    others = [job for job in found if job.shape != "bare"]
    turned = others[(count * index) % len(others) :] + others[: (count * index) % len(others)]
    return bare + turned[:count]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--shapes", nargs="*", help="shapes to run; all by default")
    parser.add_argument(
        "--programs", nargs="*", default=["*"], help="names or patterns, such as 'correct/*'"
    )
    parser.add_argument("--rotate", type=int, help="only so many shapes of each program, and bare")
    parser.add_argument("-n", type=int, default=1, help="tasks at a time")
    parser.add_argument("--audit", action="store_true", help="the audit alone")
    parser.add_argument("--lint", action="store_true", help="lint alone")
    parser.add_argument("--output", type=Path, help="outcomes as JSON lines")
    parser.add_argument("--all", action="store_true", help="list the findings of every job too")
    return parser.parse_args()


def _run(wanted: list[Job], concurrent: int, output: Path | None) -> Iterable[Outcome]:
    file = output.open("w") if output else None
    with Server(concurrent) as server:
        for number, outcome in enumerate(server.run_all(wanted, concurrent), start=1):
            if sys.stderr.isatty() or number % 50 == 0:
                print(f"\r{number} of {len(wanted)}", end="", file=sys.stderr, flush=True)
            if file is not None:
                print(json.dumps(as_record(outcome)), file=file, flush=True)
            yield outcome
    print(file=sys.stderr)


def _print_tool(tool: str, outcomes: list[Outcome], show_all: bool) -> None:
    shapes = [shape for shape in all_shapes(tool) if any(o.shape == shape for o in outcomes)]
    bare = {o.program: o for o in outcomes if o.shape == "bare"}
    print(f"\n## {tool}\n")
    print("| shape | named | of those named bare | correct with alarms | books | errors | CPU s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for shape in shapes:
        print(_row(shape, [o for o in outcomes if o.shape == shape], bare))
    for title, lines in (
        ("Missing", [f"{o.shape} {o.kind}/{m}" for o in outcomes for m in o.missing]),
        ("Alarms", [f"{o.shape} {o.program}: {a}" for o in outcomes for a in o.alarms]),
        ("Books", [f"{o.shape} {o.program}: {o.books}" for o in outcomes if _unbalanced(o)]),
        ("Errors", [f"{o.shape} {o.program}: {o.error}" for o in outcomes if o.error]),
    ):
        if lines:
            print(f"\n{title}:")
            print("\n".join(f"  {line}" for line in sorted(lines)))
    if show_all:
        for outcome in outcomes:
            print(f"\n{outcome.job} ({outcome.books})")
            print("\n".join(f"  {line}" for line in outcome.findings))


def _row(shape: str, outcomes: list[Outcome], bare: dict[str, Outcome]) -> str:
    mistaken = [o for o in outcomes if o.kind != "correct"]
    correct = [o for o in outcomes if o.kind == "correct"]
    wanted = sum(o.named + len(o.missing) for o in mistaken)
    still = "-"
    if bare:
        known = [o for o in mistaken if o.program in bare and not bare[o.program].missing]
        still = f"{sum(not o.missing for o in known)} of {len(known)} programs"
    words = Counter("balanced" if o.books in ("balanced", "equal") else o.books for o in outcomes)
    wrong = sum(_unbalanced(o) for o in outcomes)
    books = f"{words['balanced']} balanced"
    books += f", {words['no accounts']} without accounts" if words["no accounts"] else ""
    books += f", {wrong} wrong" if wrong else ""
    return (
        f"| {shape} | {sum(o.named for o in mistaken)} of {wanted} | {still} "
        f"| {sum(bool(o.alarms) for o in correct)} of {len(correct)} | {books} "
        f"| {sum(bool(o.error) for o in outcomes)} | {sum(o.seconds for o in outcomes):.0f} |"
    )


def _unbalanced(outcome: Outcome) -> bool:
    return outcome.books not in ("balanced", "equal", "no accounts", "none")


if __name__ == "__main__":
    main()
