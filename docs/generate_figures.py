"""Writes the saved figures of the benchmarks into the pages that quote them.

python docs/generate_figures.py

Between ``<!-- keys.json: eager -->`` and ``<!-- end -->`` a page has the table of that name, made from
the file in benchmarks/results, so that it can't quote a figure which was not saved. The tables stand in
the pages themselves, where a code host shows them too; a test holds that they are current.
"""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
RESULTS = DOCS.parent / "benchmarks" / "results"
PAGES = ("performance.md", "randomness.md")
PICTURES = ("keys", "draws")
SUMMED_UP = {"audit", "draws", "keys", "lint", "threefry", "training"}
ABSENT = (
    "*No results are saved in this checkout. `python benchmarks/{}.py` measures and saves them.*"
)
_TABLE = re.compile(r"(<!-- (\w+)\.json: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

Figures = Mapping[str, Any]


def saved() -> dict[str, Figures]:
    """The results of this checkout, by the names of their files; ``summary`` is all of them."""
    results = {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}
    return {**results, "summary": results} if set(results) >= SUMMED_UP else results


def fill(markdown: str, results: Mapping[str, Figures]) -> str:
    """The page with its tables written anew; of a missing result the first one says so."""
    told: set[str] = set()

    def replace(match: re.Match[str]) -> str:
        begin, name, title, end = match.groups()
        if name in results:
            return f"{begin}\n{TABLES[name][title](results[name])}\n\n{end}"
        first = name not in told and name != "summary"
        told.add(name)
        return f"{begin}\n{ABSENT.format(name)}\n\n{end}" if first else f"{begin}{end}"

    return _TABLE.sub(replace, markdown)


def without_tables(markdown: str) -> str:
    """What people wrote on a page."""
    return _TABLE.sub("", markdown)


def gains(results: Figures) -> str:
    """What a reader gains, a line for each part of the page."""
    size, model, streams = "16M", "transformer", "4"
    dropout = next(
        entry["times_the_copy"]
        for entry in results["draws"]["ratios"]
        if (entry["pass"], entry["size"], entry["dtype"])
        == ("forward and backward", size, "float32")
    )
    step = results["training"]["models"][model]["candidates"]
    keys = results["keys"]["eager"][streams]["us"]
    uniform = results["threefry"]["run"]["uniform"]
    times = [each["ratio"][1] - 1 for each in results["audit"]["programs"].values()]
    call = results["audit"]["short calls"]["jitted, draws from a typed key"]
    read = max(results["lint"]["runs"], key=lambda each: each["lines"])
    was = uniform["as_installed_ms"][1]
    rows = [
        [
            f"dropout with its backward pass, {size} float32 elements",
            f"{_number(dropout['flax.linen'][1])} times a copy (Flax)",
            f"{_number(dropout['keystream'][1])} times a copy",
        ],
        [
            f"what all dropout of a {model} adds to its training step",
            f"{step['flax.linen']['times_none'][1] - 1:.0%} (Flax)",
            f"{step['keystream, keys of Streams']['times_none'][1] - 1:.0%}",
        ],
        [
            f"the keys of {streams} streams, outside of `jit`",
            f"{_number(keys['nnx.Rngs'][1])} µs (`nnx.Rngs`)",
            f"{_number(keys['keystream'][1])} µs",
        ],
        [
            "`jax.random.uniform` on the CPU",
            f"{_number(was)} ms",
            f"{_number(was / uniform['fused_times_faster'][1])} ms with `ks.fuse_threefry`",
        ],
        [
            "what an audit adds to a program",
            "",
            f"{min(times):.0%} to {max(times):.0%} of its time",
        ],
        [
            "a jitted call that does nothing but draw, while it is audited",
            f"{_number(call['plain'][1])} µs",
            f"{_number(call['audited'][1])} µs",
        ],
        [
            f"lint of {read['lines']:,} lines",
            "",
            f"{_number(read['seconds'][1])} s",
        ],
    ]
    return table(["without `keystream`", "with it"], rows, "what is measured", figures=False)


def environment(figures: Figures) -> str:
    """What the figures were taken with."""
    taken = figures["environment"]
    versions = ", ".join(f"{name} {version}" for name, version in taken["versions"].items())
    return (
        f"*Taken on {taken['device']}, {taken['cores']} cores, {taken['machine']}, "
        f"Python {taken['python']}; {versions}. Medians of {figures['rounds']} rounds, "
        "quartiles in brackets.*"
    )


def eager(figures: Figures) -> str:
    """Microseconds to have a key for each stream, outside of jit."""
    measured = figures["eager"]
    idioms = next(iter(measured.values()))["us"]
    rows = [[idiom, *(spread(of["us"][idiom]) for of in measured.values())] for idiom in idioms]
    rows.append(["keystream, for each key", *(spread(of["us_a_key"]) for of in measured.values())])
    ratio = "fastest_idiom_over_keystream"
    rows.append(
        ["fastest other, times keystream", *(spread(of[ratio]) for of in measured.values())]
    )
    return table(_by_streams(measured), rows, "µs for the keys of all streams")


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
    """The tables of one kind of pass, one for each dtype: multiples of copying the array."""

    def tables(figures: Figures) -> str:
        entries = [entry for entry in figures["ratios"] if entry["pass"] == passes]
        dtypes = dict.fromkeys(entry["dtype"] for entry in entries)
        return "\n\n".join(
            _of_dtype(dtype, [entry for entry in entries if entry["dtype"] == dtype])
            for dtype in dtypes
        )

    return tables


def _of_dtype(dtype: str, entries: list[Figures]) -> str:
    names = dict.fromkeys(name for entry in entries for name in entry["times_the_copy"])
    cells = [[entry["times_the_copy"].get(name) for entry in entries] for name in names]
    rows = [
        [name, *("" if cell is None else spread(cell) for cell in row)]
        for name, row in zip(names, cells, strict=True)
    ]
    return table([f"{entry['size']} elements" for entry in entries], rows, f"{dtype}, times a copy")


def steps(figures: Figures) -> str:
    """What all dropout of a training step costs, and what a site adds before the first."""
    parts = {
        "times_none": "step, times one without",
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
        tables.append(f"**{title}**\n\n{table(list(parts.values()), rows, 'dropout of')}")
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


def table(
    columns: list[str], rows: list[list[str]], corner: str = "", *, figures: bool = True
) -> str:
    """A Markdown table; its corner says what the figures are. Words that are no figures stand left."""
    lines = [[corner, *columns], ["---", *("---:" if figures else "---" for _ in columns)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _by_streams(measured: Figures) -> list[str]:
    return [f"{count} stream{'s' * (count != '1')}" for count in measured]


def spread(quartiles: list[float], *, digits: int = 3) -> str:
    """Median, and quartiles in brackets."""
    low, median, high = (_number(value, digits) for value in quartiles)
    return f"{median} [{low}, {high}]"


def _number(value: float, digits: int = 3) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"


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
    "summary": {"gains": gains},
    "randomness": {"machine": machine, "batteries": batteries, "tests": battery_by_test},
}


def page(name: str) -> str:
    """A page with the figures of this checkout."""
    return fill((DOCS / name).read_text(), saved())


if __name__ == "__main__":
    for each in PAGES:
        (DOCS / each).write_text(page(each))
    for each in PICTURES:
        shutil.copyfile(RESULTS / f"{each}.svg", DOCS / "images" / f"{each}.svg")
