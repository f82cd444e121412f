"""What MkDocs runs while it builds: puts saved figures of the benchmarks into the pages that quote them.

A comment such as ``<!-- keys.json: eager -->`` in the page is replaced by the table of that name, made
from the file in benchmarks/results, so that the page can't quote a figure which was not saved.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from keystream._address import DOCUMENTATION

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
PAGES = ("performance.md", "randomness.md")
ABSENT = (
    "*No results are saved in this checkout. `python benchmarks/{}.py` measures and saves them.*"
)
_MARK = re.compile(r"<!-- (\w+)\.json: (\w+) -->")

Figures = Mapping[str, Any]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Tell the site its own address, where it has one."""
    config.site_url = DOCUMENTATION or None
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the benchmarks' pictures to the site, those that were saved."""
    for name in TABLES:
        picture = RESULTS / f"{name}.svg"
        if picture.is_file():
            target = f"images/{name}.svg"
            files.append(File.generated(config, target, abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in the tables."""
    if page.file.src_uri not in PAGES:
        return markdown
    saved = {name: RESULTS / f"{name}.json" for name in TABLES}
    return fill(
        markdown,
        {name: json.loads(path.read_text()) for name, path in saved.items() if path.is_file()},
    )


def fill(markdown: str, saved: Mapping[str, Figures]) -> str:
    """The page with its comments replaced; of a missing result the first one says so."""
    told: set[str] = set()

    def replace(match: re.Match[str]) -> str:
        name, table = match.groups()
        if name in saved:
            return TABLES[name][table](saved[name])
        first = name not in told
        told.add(name)
        return ABSENT.format(name) if first else ""

    return _MARK.sub(replace, markdown)


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
    return table(_by_streams(measured), rows)


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
    return f"{table(_by_streams(measured), rows)}\n\n{ratio}: {figures['host_64_over_1']:.2f}."


def ratios(passes: str) -> Callable[[Figures], str]:
    """A table of one kind of pass: multiples of copying the array."""

    def rows_of(figures: Figures) -> str:
        entries = [entry for entry in figures["ratios"] if entry["pass"] == passes]
        names = dict.fromkeys(name for entry in entries for name in entry["times_the_copy"])
        cells = [[entry["times_the_copy"].get(name) for entry in entries] for name in names]
        rows = [
            [name, *("" if cell is None else spread(cell) for cell in row)]
            for name, row in zip(names, cells, strict=True)
        ]
        return table([f"{entry['size']} {entry['dtype']}" for entry in entries], rows)

    return rows_of


def steps(figures: Figures) -> str:
    """What all dropout of a training step costs, and what a site adds before the first."""
    parts = {
        "times_none": "times the step without",
        "trace_and_lower_ms_a_site": "trace and lower, ms a site",
        "compile_ms_a_site": "XLA, ms a site",
    }
    tables: list[str] = []
    for model, of in figures["models"].items():
        rows = [
            [name, *(spread(entry[part], digits=4) for part in parts)]
            for name, entry in of["candidates"].items()
        ]
        title = f"{model}, {of['sites']} sites, {of['none_ms'][1]:.0f} ms without dropout"
        tables.append(f"**{title}**\n\n{table(list(parts.values()), rows)}")
    return "\n\n".join(tables)


def run_with_lowerings(figures: Figures) -> str:
    """Milliseconds as JAX has it, and how many times faster with the other lowerings."""
    parts = {
        "as_installed_ms": "as installed, ms",
        "fused_times_faster": "fuse_threefry, times faster",
        "coming_times_faster": "coming, times faster",
    }
    measured = figures["run"]
    return table(list(parts.values()), [
        [name, *(spread(entry[part]) for part in parts)] for name, entry in measured.items()
    ])  # fmt: skip


def compile_with_lowerings(figures: Figures) -> str:
    """Seconds of processor time that XLA takes."""
    measured = figures["compile_s"]
    columns = {"as installed": "as installed", "fused": "fuse_threefry", "coming": "coming"}
    return table([f"XLA {title}, s" for title in columns.values()], [
        [name, *(spread(entry[column]) for column in columns)] for name, entry in measured.items()
    ])  # fmt: skip


def initialising(figures: Figures) -> str:
    """Seconds to initialise a model, first and again."""
    measured = figures["initialise_s"]
    ways = dict.fromkeys(name.rsplit(", ", 1)[0] for name in measured)
    return table(["first, s", "again, s"], [
        [
            way.replace("fused", "fuse_threefry"),
            *(spread(measured[f"{way}, {turn}"]) for turn in ("first", "again")),
        ]
        for way in ways
    ])  # fmt: skip


def other_forms(figures: Figures) -> str:
    """How much slower other forms of dropout run than the one that is there."""
    measured = figures["times_shipped"]
    return table(["times keystream"], [[name, spread(cell)] for name, cell in measured.items()])


def compile_other_forms(figures: Figures) -> str:
    """Milliseconds of XLA's that a site costs in other forms."""
    measured = figures["compile_ms_a_site"]
    return table(["XLA, ms a site"], [[name, spread(cell)] for name, cell in measured.items()])


def instructions(figures: Figures) -> str:
    """Machine instructions of the kernels."""
    rows = [
        [
            program,
            str(sum(kernel["instructions_an_element"] for kernel in kernels)),
            str(sum(kernel["local_bytes"] for kernel in kernels)),
        ]
        for program, kernels in figures["programs"].items()
    ]
    return table(["instructions an element", "bytes of local memory"], rows)


def costs(figures: Figures) -> str:
    """What an audit adds to a step, to short calls, and to whole programs."""
    step, short = figures["step"], figures["short calls"]
    measured = {
        "step, first call, ms": step["first_ms"],
        "step, steady, ms": step["steady_ms"],
        **{f"{name}, µs": each for name, each in short.items()},
        **{f"{name.replace('_', ' ')}, s": each for name, each in figures["programs"].items()},
    }
    parts = {"plain": "plain", "audited": "audited", "ratio": "times plain", "added": "added"}
    return table(list(parts.values()), [
        [name, *(spread(each[part]) for part in parts)] for name, each in measured.items()
    ])  # fmt: skip


def plans(figures: Figures) -> str:
    """What a plan costs beside the trace it is made of, and the keys of a call."""
    deep = figures["plans"]["deep_ms"]
    return table(["ms"], [
        ["trace of 48 layers", spread(deep["trace"])],
        ["plan of 48 layers, trace included", spread(deep["plan"])],
        ["keys of a call of the step", spread(figures["plans"]["keys_of_a_call_ms"])],
    ])  # fmt: skip


def records(figures: Figures) -> str:
    """What a recording of many keys costs: memory, then time."""
    kept, seconds = figures["bytes_a_key"], figures["seconds"]
    cells = {
        "columns, bytes a key": kept["columns"],
        "resident, bytes for each further key": kept["resident"]["each_further"],
        "peak, bytes for each further key": kept["peak"]["each_further"],
        "peak, bytes a key in all": kept["peak"]["in_all"],
        "record on disk, bytes a key": kept["record_on_disk"],
        "the program alone, s": seconds["program_alone"],
        "recorded and judged, s": seconds["recorded_and_judged"],
        "saved, s": seconds["saved"],
        "compared with itself, s": seconds["compared_with_itself"],
    }
    title = f"{figures['distinct_keys']:,} keys"
    return table([title], [[name, f"{cell:.3g}"] for name, cell in cells.items()])


def machine(figures: Figures) -> str:
    """What results without rounds were taken with."""
    taken = figures["environment"]
    versions = taken["versions"]
    return f"Taken with jax {versions['jax']} on {taken['device']}, Python {taken['python']}."


def batteries(figures: Figures) -> str:
    """How much of each source was read, and how many p-values were what."""
    measured = figures["dieharder"]["sources"]
    columns = ["GiB", "p-values", "PASSED", "WEAK", "FAILED", "least p", "of those repeated, worst"]
    rows = [
        [
            name,
            f"{of['bytes'] / 2**30:.1f}",
            str(len(of["results"])),
            *(_count(of["results"], verdict) for verdict in ("PASSED", "WEAK", "FAILED")),
            f"{min(min(row['p'], 1 - row['p']) for row in of['results']):.2g}",
            max((row["says"] for row in of["repeated"]), key=_VERDICTS.index, default=""),
        ]
        for name, of in measured.items()
    ]
    return table(columns, rows)


def battery_by_test(figures: Figures) -> str:
    """The p-values of each test of dieharder's, a column a source."""
    measured = figures["dieharder"]["sources"]
    found: dict[str, dict[str, list[float]]] = {}
    for name, of in measured.items():
        for row in of["results"]:
            title = f"{row['test']} {row['ntuple'] or ''}{' (doubted)' * row['doubted']}".strip()
            found.setdefault(title, {}).setdefault(name, []).append(row["p"])
    rows = [
        [title, *(", ".join(f"{p:.4f}" for p in by_source.get(name, [])) for name in measured)]
        for title, by_source in found.items()
    ]
    left = figures["dieharder"]["not_run"]
    return f"{table(list(measured), rows)}\n\nTests of `dieharder -a` that were not run: {left}."


_VERDICTS = ("PASSED", "WEAK", "FAILED")


def _count(rows: list[Figures], verdict: str) -> str:
    return str(sum(row["says"] == verdict for row in rows))


def picture(name: str, alternative: str) -> Callable[[Figures], str]:
    """A benchmark's figures drawn."""
    return lambda _: f"![{alternative}](images/{name}.svg)"


def table(columns: list[str], rows: list[list[str]]) -> str:
    """A Markdown table whose first column has no title."""
    lines = [["", *columns], ["---", *("---:" for _ in columns)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _by_streams(measured: Figures) -> list[str]:
    return [f"{count} stream{'s' * (count != '1')}" for count in measured]


def spread(quartiles: list[float], *, digits: int = 3) -> str:
    """Median, and quartiles in brackets."""
    low, median, high = (f"{value:.{digits}g}" for value in quartiles)
    return f"{median} [{low}, {high}]"


TABLES: dict[str, dict[str, Callable[[Figures], str]]] = {
    "keys": {
        "environment": environment,
        "eager": eager,
        "in_step": in_step,
        "picture": picture(
            "keys", "Microseconds for a key of each stream, against the number of streams"
        ),
    },
    "draws": {
        "environment": environment,
        "forward": ratios("forward"),
        "backward": ratios("forward and backward"),
        "picture": picture(
            "draws", "Dropout as a multiple of a copy, against the number of elements"
        ),
    },
    "training": {"environment": environment, "steps": steps},
    "threefry": {
        "environment": environment,
        "run": run_with_lowerings,
        "compiling": compile_with_lowerings,
        "initialising": initialising,
    },
    "dead_ends": {
        "environment": environment,
        "run": other_forms,
        "compiling": compile_other_forms,
    },
    "gpu_code": {"instructions": instructions},
    "audit": {"environment": environment, "costs": costs, "plans": plans},
    "records": {"kept": records},
    "randomness": {"machine": machine, "batteries": batteries, "tests": battery_by_test},
}
