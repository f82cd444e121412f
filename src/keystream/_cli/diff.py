"""`keystream diff`: the first draw at which two recorded runs part."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keystream._cli.output_file import Output
from keystream._version import __version__

if TYPE_CHECKING:
    from keystream._audit.parting import Comparison, Drawn, Parting
    from keystream._audit.saved import Place, Saved

SCHEMA = 1  # of the JSON
FORMATS = ("text", "json", "html")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("first", metavar="A", help="a record: keystream audit --record A script.py")
    parser.add_argument("second", metavar="B", help="the record of another run")
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="html shows both runs side by side"
    )
    parser.add_argument("--json", action="store_true", help="for a machine: --format json")
    parser.add_argument("--output", metavar="FILE", help="write it there, not to the terminal")


def run(arguments: argparse.Namespace) -> int:
    """Compare the records and return 0 where they draw the same, else 1.

    Raises:
        MissingExtraError: KS007, pyarrow is not installed, or Jinja2 for a page.
        RestoredStateMismatchError: KS005, a record can't be read, or has no report for a page.
    """
    from keystream._audit import parquet
    from keystream._audit.parting import compare

    output = Output(arguments.output)
    names = (arguments.first, arguments.second)
    records = [parquet.load(Path(name)) for name in names]
    found = compare(*records)
    form = "json" if arguments.json else arguments.format
    text = _rendered(form, found, names, records)
    output.put(text)
    return int(bool(found.partings))


def _rendered(
    form: str, found: Comparison, names: tuple[str, str], records: Sequence[Saved]
) -> str:
    """The comparison in one of `FORMATS`."""
    if form == "json":
        return json.dumps(_document(found, names), indent=2, ensure_ascii=False) + "\n"
    text = "".join(f"{line}\n" for line in _lines(found, names))
    if form == "text":
        return text
    from keystream._cli.report import of_record
    from keystream._report.page import render_comparison

    reports = [of_record(record) for record in records]
    return render_comparison(reports, names, _document(found, names), text)


def _lines(found: Comparison, names: tuple[str, str]) -> Iterator[str]:
    """The comparison as text."""
    if not found.partings:
        yield f"{names[0]} and {names[1]} draw the same: {_draws(found.draws[0])} at " + _count(
            found.places, "place"
        )
        yield from _notes(found)
        return
    first = found.partings[0]
    drawn = first.first or first.second
    assert drawn is not None
    equal = {0: "at the first draw", 1: "after 1 equal draw"}
    where = equal.get(first.place, f"after {first.place:,} equal draws")
    yield f"{names[0]} and {names[1]} part {where}: {_what(first, drawn, names)}"
    yield from _field("where", _where(drawn))
    yield from _field("place", _line(drawn.site.place))
    both = zip(names, (first.first, first.second), strict=True)
    for label, (name, each) in zip("ab", both, strict=True):
        yield from _field(label, f"{_drew(each, first)}  ({name})")
    if found.seeds is not None:
        yield from _field("seeds", "; ".join(map(_seed, found.seeds, names)))
    if found.before is not None:
        last = found.before
        name = f"{last.site.distribution or 'a draw'} at {_line(last.site.place)}"
        yield from _field("before", f"{name} · {_where(last)}")
    parted = sum(parting.draws for parting in found.partings)
    total = " and ".join(f"{count:,}" for count in found.draws)
    yield from _field(
        "after",
        f"{len(found.partings):,} of {_count(found.places, 'place')} "
        f"differ{'s' * (len(found.partings) == 1)}, in {_draws(parted)} of {total}",
    )
    yield from _notes(found)


def _notes(found: Comparison) -> Iterator[str]:
    if found.reordered:
        yield from _field(
            "note",
            f"{_count(found.reordered, 'place')} drew the same keys in another order, in several "
            "threads",
        )
    if found.moved:
        yield from _field(
            "note",
            f"{_count(found.moved, 'place')} on another line: the source changed between the runs",
        )


def _what(parting: Parting, drawn: Drawn, names: tuple[str, str]) -> str:
    name = drawn.site.distribution or "a draw"
    if parting.how == "key":
        return f"{name} got another key"
    if parting.how == "shape":
        return f"{name} draws another shape or dtype"
    return f"only {names[0] if parting.first is not None else names[1]} has this {name}"


def _where(drawn: Drawn) -> str:
    site = drawn.site
    parts = [
        site.module_path,
        site.stream and f"stream {site.stream}",
        f"step {drawn.step}" + ("" if drawn.said else ", counted"),
    ]
    if drawn.of > 1:
        parts.append(f"draw {drawn.within} of {drawn.of} in the call")
    return " · ".join(part for part in parts if part)


def _line(place: Place) -> str:
    if not place.path:
        return "in a library"
    return f"{place.path}:{place.line}" + (f" in {place.function}" if place.function else "")


def _drew(drawn: Drawn | None, parting: Parting) -> str:
    if drawn is None:
        return "no such draw"
    site = drawn.site
    text = " ".join(each for each in (site.distribution or "draw", site.shape, site.dtype) if each)
    other = parting.second if drawn is parting.first else parting.first
    if other is not None and site.place.line != other.site.place.line:
        text += f" at {_line(site.place)}"
    return f"{text}, key {_hex(drawn.key)}"


def _seed(seed: tuple[int, Place] | None, name: str) -> str:
    if seed is None:
        return f"none in {name}"
    value, place = seed
    return f"key({value}) at {_line(place)} in {name}"


def _hex(key: int) -> str:
    return f"0x{key:016x}"


def _draws(count: int) -> str:
    return _count(count, "draw")


def _count(count: int, name: str) -> str:
    return f"{count:,} {name}{'s' * (count != 1)}"


def _field(label: str, text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        100,
        initial_indent=f"  {label + ':':<7} ",
        subsequent_indent=" " * 10,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _document(found: Comparison, names: tuple[str, str]) -> dict[str, Any]:
    """The comparison as JSON can hold it; keys as text, since they have 64 bits."""
    return {
        "version": SCHEMA,
        "tool": {"name": "keystream diff", "version": __version__},
        "records": list(names),
        "same": not found.partings,
        "draws": list(found.draws),
        "places": found.places,
        "moved": found.moved,
        "reordered": found.reordered,
        "before": _drawn(found.before),
        "seeds": [seed and {"value": seed[0], **asdict(seed[1])} for seed in found.seeds or ()],
        "partings": [
            {
                "how": parting.how,
                "equal_before": parting.place,
                "draws": parting.draws,
                "a": _drawn(parting.first),
                "b": _drawn(parting.second),
            }
            for parting in found.partings
        ],
    }


def _drawn(drawn: Drawn | None) -> dict[str, Any] | None:
    if drawn is None:
        return None
    site, place = drawn.site, drawn.site.place
    return {
        "step": drawn.step,
        "step_said": drawn.said,
        "within_call": drawn.within,
        "module_path": site.module_path,
        "path": place.path,
        "line": place.line,
        "function": place.function,
        "distribution": site.distribution,
        "shape": site.shape,
        "dtype": site.dtype,
        "stream": site.stream,
        "key": _hex(drawn.key),
    }
