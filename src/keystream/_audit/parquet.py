"""Writes a recording to a Parquet file, and reads it back. Loads pyarrow when used, never JAX."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keystream._audit.recording import Recording
from keystream._audit.saved import Place, Saved, SavedSite, described, seeds
from keystream._audit.timeline import steps_of
from keystream._extras import require
from keystream._version import __version__
from keystream._whole_file import refusal, replacing
from keystream.errors import RecordNotSavedError, RestoredStateMismatchError

VERSION = 1  # of the record; a new one only where a reader of the old one would misread it
GROUP = 1 << 18  # rows that are encoded together
_META = b"keystream"
# Columns that repeat what is known of a site, so that other programs can read a record.
_OF_SITE = ("kind", "distribution", "shape", "dtype", "module_path", "stream", "path", "function")


def check(path: Path) -> None:
    """Refuse before the program runs what could not be saved after.

    Raises:
        MissingExtraError: KS007, pyarrow is not installed.
        RecordNotSavedError: KS013, the file can't be written.
    """
    _pyarrow("a record")
    reason = refusal(path)
    if reason:
        why = "the program was not run: at its end, what it drew could not have been saved"
        raise _not_saved(path, reason, why)


def save(
    recording: Recording, report: Mapping[str, Any], path: Path, *, ended: bool = True
) -> None:
    """Write a recording with its report; a record that is there already stays until then.

    Args:
        recording: what was seen.
        report: what was found, as JSON holds it, with its ``summary``.
        path: of the file.
        ended: whether the audit has ended; else this is what was seen so far.

    Raises:
        MissingExtraError: KS007, pyarrow is not installed.
        RecordNotSavedError: KS013, the file can't be written.
    """
    arrow = _pyarrow("a record")
    try:
        with replacing(path) as file:
            _write(recording, {"report": dict(report), "ended": ended}, arrow, file)
    except (OSError, arrow.ArrowException) as error:
        why = (
            "the report stands, but this run can't be compared with another one; a record of that "
            "name from before is whole"
        )
        reason = getattr(error, "strerror", None) or str(error)
        raise _not_saved(path, reason, why) from error


def _write(recording: Recording, of_run: Mapping[str, Any], arrow: Any, file: Any) -> None:
    parquet = require("pyarrow.parquet", purpose="a record")
    sites = described(recording)
    columns = {name: _encoded(sites, name, arrow) for name in _OF_SITE}
    lines = np.array([site.place.line for site in sites], np.int32)
    numbers = {
        "call": arrow.uint32(),
        "step": arrow.int64(),
        "site": arrow.uint32(),
        "line": arrow.int32(),
        "key": arrow.uint64(),
    }
    texts = {name: arrow.dictionary(arrow.int32(), arrow.string()) for name in _OF_SITE}
    schema = arrow.schema([*numbers.items(), *texts.items()])
    schema = schema.with_metadata({_META: _about(recording, sites, of_run)})
    with parquet.ParquetWriter(
        file,
        schema,
        compression={name: "none" if name == "key" else "snappy" for name in schema.names},
        use_dictionary=[name for name in schema.names if name not in ("call", "step", "key")],
        write_page_checksum=True,
    ) as writer:
        for rows, steps in _groups(recording):
            at = recording.key_sites[rows]
            arrays = {
                "call": recording.key_calls[rows],
                "step": steps,
                "site": at,
                "line": lines[at],
                "key": recording.keys[rows],
            }
            made = [arrow.array(column) for column in arrays.values()]
            for codes, words in columns.values():
                made.append(arrow.DictionaryArray.from_arrays(arrow.array(codes[at]), words))
            writer.write_table(arrow.Table.from_arrays(made, schema=schema), row_group_size=GROUP)


def _groups(recording: Recording) -> Iterator[tuple[slice, Any]]:
    for rows, steps in steps_of(recording):
        for start in range(rows.start, rows.stop, GROUP):
            end = min(start + GROUP, rows.stop)
            yield slice(start, end), steps[start - rows.start : end - rows.start]


def _encoded(sites: tuple[SavedSite, ...], name: str, arrow: Any) -> tuple[Any, Any]:
    """A text of each site, as codes and the different texts."""
    owner = "place" if name in ("path", "function") else ""
    texts = [getattr(getattr(site, owner) if owner else site, name) for site in sites]
    words = {text: code for code, text in enumerate(dict.fromkeys(texts))}
    return np.array([words[text] for text in texts], np.int32), arrow.array(
        list(words), arrow.string()
    )


def _about(recording: Recording, sites: tuple[SavedSite, ...], of_run: Mapping[str, Any]) -> bytes:
    """What a record says of the whole run, as JSON."""
    places: dict[Place, int] = {}

    def number(place: Place) -> int:
        return places.setdefault(place, len(places))

    of_sites = [
        {name: value for name, value in vars(site).items() if value}
        | {"stack": [number(each) for each in site.stack], "flags": sorted(site.flags)}
        for site in sites
    ]
    of_seeds = [[value, number(place)] for value, place in seeds(recording)]
    error = recording.error
    about = {
        "version": VERSION,
        "tool": {"name": "keystream audit", "version": __version__},
        "program": recording.program,
        "error": f"{type(error).__name__}: {error}" if error is not None else "",
        "summary": of_run["report"].get("summary", {}),
        "said_since": recording.steps.since,
        "sites": of_sites,
        "seeds": of_seeds,
        "places": [asdict(each) for each in places],
        "process": list(recording.process),
        **of_run,
    }
    return json.dumps(about, default=str).encode()


def peek(path: Path) -> None:
    """Check that a record is there and of this version, without reading its rows.

    Raises:
        MissingExtraError: KS007, pyarrow is not installed.
        RestoredStateMismatchError: KS005, it is no record, or one of another version.
    """
    with _opened(path):
        pass


def load(path: Path, name: str = "") -> Saved:
    """Read a record.

    Args:
        path: of the file.
        name: for messages; the path by default.

    Raises:
        MissingExtraError: KS007, pyarrow is not installed.
        RestoredStateMismatchError: KS005, it is no record, of another version, or damaged.
    """
    with _opened(path) as (file, about):
        count = file.metadata.num_rows
        columns: dict[str, NDArray[Any]] = {
            "key": np.empty(count, np.uint64),
            "site": np.empty(count, np.uint32),
            "call": np.empty(count, np.uint32),
            "step": np.empty(count, np.int64),
        }
        start = 0
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=list(columns))
            for each, column in columns.items():
                column[start : start + len(table)] = table.column(each).to_numpy()
            start += len(table)
        places = [Place(**fields) for fields in about["places"]]
        sites = tuple(_site(fields, places) for fields in about["sites"])
        if count and int(columns["site"].max()) >= len(sites):
            raise ValueError("a row names a site that it does not have")
        return Saved(
            name or str(path),
            about["program"],
            sites,
            columns["key"],
            columns["site"],
            columns["call"],
            columns["step"],
            about["said_since"],
            tuple((value, places[at]) for value, at in about["seeds"]),
            about["summary"],
            about["error"],
            about.get("report"),  # records of earlier versions have none
            about.get("ended", True),
            tuple(about.get("process", (0, 1))),
        )


def _site(fields: Mapping[str, Any], places: list[Place]) -> SavedSite:
    made: dict[str, Any] = dict(fields)
    made["stack"] = tuple(places[at] for at in fields["stack"])
    made["flags"] = frozenset(fields["flags"])
    return SavedSite(**made)


@contextlib.contextmanager
def _opened(path: Path) -> Generator[tuple[Any, Any], None, None]:
    """A record and what it says of the run; what goes wrong while reading it is one kind of error."""
    arrow = _pyarrow("reading a record")
    parquet = require("pyarrow.parquet", purpose="reading a record")
    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            about = json.loads((file.schema_arrow.metadata or {})[_META])
            if about["version"] != VERSION:
                raise ValueError(f"it is of version {about['version']!r}, not {VERSION}")
            yield file, about
    except FileNotFoundError as error:
        raise RestoredStateMismatchError(
            f"there is no record {path}",
            why="a record is made by a run, and read by its name",
            fix="keystream audit --record run.parquet script.py",
        ) from error
    except KeyError as error:
        raise _unreadable(path, "it is no record of an audit") from error
    except (OSError, TypeError, ValueError, arrow.ArrowException) as error:
        raise _unreadable(path, str(error).splitlines()[0]) from error


def _pyarrow(purpose: str) -> Any:
    return require("pyarrow", purpose=purpose)


def _unreadable(path: Path, reason: str) -> RestoredStateMismatchError:
    return RestoredStateMismatchError(
        f"the record {path} can't be read: {reason}",
        why="what it says of the run would be misread",
        fix="record the run again: keystream audit --record run.parquet script.py",
    )


def _not_saved(path: Path, reason: str, why: str) -> RecordNotSavedError:
    return RecordNotSavedError(
        f"the record {path} can't be written: {reason}",
        why=why,
        fix="name a file in a directory that can be written to: --record run.parquet",
    )
