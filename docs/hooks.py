"""What MkDocs runs while it builds: puts the saved figures of the benchmark into performance.md.

A comment such as ``<!-- keys.json: eager -->`` in the page is replaced by the table of that name, made
from benchmarks/results/keys.json, so that the page can't quote a figure which was not saved.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
PICTURE = "images/keys.svg"
ABSENT = (
    "*No results are saved in this checkout. `python benchmarks/keys.py` measures and saves them.*"
)
_MARK = re.compile(r"<!-- keys\.json: (\w+) -->")

Figures = dict[str, Any]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the benchmark's picture to the site, where it was saved."""
    if (RESULTS / "keys.svg").is_file():
        source = str(RESULTS / "keys.svg")
        files.append(File.generated(config, PICTURE, abs_src_path=source))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in the tables."""
    if page.file.src_uri != "performance.md":
        return markdown
    saved = RESULTS / "keys.json"
    figures = json.loads(saved.read_text()) if saved.is_file() else None
    return fill(markdown, figures, has_picture=files.get_file_from_path(PICTURE) is not None)


def fill(markdown: str, figures: Figures | None, *, has_picture: bool) -> str:
    """The page with its comments replaced; without figures the first one says so."""
    if figures is None:
        return _MARK.sub("", _MARK.sub(ABSENT, markdown, count=1))
    tables = TABLES if has_picture else {**TABLES, "picture": lambda _: ""}
    return _MARK.sub(lambda match: tables[match.group(1)](figures), markdown)


def environment(figures: Figures) -> str:
    """What the figures were taken with."""
    taken = figures["environment"]
    versions = ", ".join(f"{name} {version}" for name, version in taken["versions"].items())
    return (
        f"Taken on {taken['device']}, {taken['cores']} cores, {taken['machine']}, "
        f"Python {taken['python']}; {versions}. Medians of {figures['rounds']} rounds, "
        "quartiles in brackets."
    )


def eager(figures: Figures) -> str:
    """Microseconds to have a key for each stream, outside of jit."""
    measured = figures["eager"]
    idioms = next(iter(measured.values()))["us"]
    rows = [
        [f"{idiom}, µs", *(spread(of["us"][idiom]) for of in measured.values())] for idiom in idioms
    ]
    rows.append(["keystream, µs a key", *(spread(of["us_a_key"]) for of in measured.values())])
    ratio = "fastest_idiom_over_keystream"
    rows.append(["fastest other over keystream", *(spread(of[ratio]) for of in measured.values())])
    return table(measured, rows)


def in_step(figures: Figures) -> str:
    """What deriving keys costs inside a jitted step, and how long its call keeps the host."""
    measured = figures["in_step"]
    rows = [
        ["added to the step, µs", *(spread(of["added_us"]) for of in measured.values())],
        [
            "share of a 5 ms step",
            *(f"{of['share_of_a_5_ms_step'][1]:.2%}" for of in measured.values()),
        ],
        ["host, µs a call", *(spread(of["host_us"]) for of in measured.values())],
    ]
    ratio = f"Host time at {list(measured)[-1]} streams over that at {next(iter(measured))}"
    return f"{table(measured, rows)}\n\n{ratio}: {figures['host_64_over_1']:.2f}."


def picture(figures: Figures) -> str:
    """The eager figures drawn."""
    return f"![Microseconds for a key of each stream, against the number of streams]({PICTURE})"


def table(measured: Figures, rows: list[list[str]]) -> str:
    """A Markdown table with a column for each number of streams."""
    head = ["", *(f"{count} stream{'s' * (count != '1')}" for count in measured)]
    lines = [head, ["---", *("---:" for _ in measured)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def spread(quartiles: list[float]) -> str:
    """Median, and quartiles in brackets."""
    low, median, high = (f"{value:.3g}" for value in quartiles)
    return f"{median} [{low}, {high}]"


TABLES: dict[str, Callable[[Figures], str]] = {
    "environment": environment,
    "eager": eager,
    "in_step": in_step,
    "picture": picture,
}
