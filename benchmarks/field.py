"""What lint finds in public repositories, judged by hand: how many findings are worth a change.

    python benchmarks/field.py FOLDER_OF_CHECKOUTS   # lints, writes results/field.json, prints a table
    python benchmarks/field.py                       # prints the table of what is saved
    python benchmarks/field.py --page docs/field.md  # writes the tables of the page anew

Each folder below FOLDER is one checkout, named owner+name. Every error and warning is saved, also in
tests, documentation and benchmarks, where a user sees notes. data/field_verdicts.csv has the judgements,
data/field_reports.toml the texts for maintainers. A verdict holds for the finding at its line; where the
line moved, for one with its code in its function. No code of the repositories is kept.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from keystream._linter.config import Config
from keystream._linter.engine import check
from keystream._version import __version__

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "field.json"
VERDICTS = HERE / "data" / "field_verdicts.csv"
REPORTS = HERE / "data" / "field_reports.toml"
KINDS = ("real", "harmless", "false")
_TABLE = re.compile(r"(<!-- field\.json: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

Row = dict[str, Any]


def commit_of(root: Path) -> str:
    """The commit that a checkout stands at."""
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def measured(root: Path, jobs: int) -> tuple[Row, list[Row]]:
    """One repository, and the errors and warnings in it."""
    os.chdir(root)
    as_told = Config(root=root)
    report = check(["."], Config(root=root, tests="same"), jobs=jobs)
    name = root.name.replace("+", "/")
    repository = {
        "repository": name,
        "commit": commit_of(root),
        **report.summary,
        "unread": sum(finding.code == "KS901" for finding in report.findings),
    }
    rows = []
    for finding in report.findings:
        if finding.counts and finding.code != "KS901":
            place = finding.locations[0]
            rows.append(
                {
                    "repository": name,
                    "path": place.path.removeprefix("./"),
                    "place": f"cell {place.cell}:{place.line}" if place.cell else str(place.line),
                    "function": place.function,
                    "code": finding.code,
                    "severity": finding.severity,
                    "aside": as_told.is_aside(place.path),
                    "message": finding.message,
                }
            )
    return repository, rows


def remeasured(saved: Row, folder: Path, only: str, jobs: int) -> Row:
    """The results with those of the checkouts whose name has ``only`` measured anew."""
    kept = {row["repository"]: row for row in saved.get("repositories", [])}
    findings = saved.get("findings", []) if only else []
    kept = kept if only else {}
    for root in sorted(path for path in folder.iterdir() if path.is_dir() and only in path.name):
        repository, rows = measured(root, jobs)
        name = repository["repository"]
        kept[name] = repository
        findings = [row for row in findings if row["repository"] != name] + rows
        print(f"{name}: {len(rows)}", file=sys.stderr, flush=True)
    findings.sort(key=lambda row: row["repository"])
    return {
        "keystream": __version__,
        "repositories": [kept[name] for name in sorted(kept)],
        "findings": findings,
    }


def verdicts() -> list[Row]:
    """The judgements, as the file has them."""
    with VERDICTS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["verdict"] not in KINDS or row["consequential"] not in ("yes", "no"):
            raise ValueError(f"no verdict: {row}")
    return rows


def judged(findings: Sequence[Row], given: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The findings, each with its verdict where there is one; and the verdicts that none has."""
    left = list(given)
    taken: dict[int, Row] = {}
    for key in (
        lambda row: (row["repository"], row["path"], row["code"], row["place"]),
        lambda row: (row["repository"], row["path"], row["code"], row["function"]),
    ):
        waiting: dict[Any, list[Row]] = defaultdict(list)
        for verdict in left:
            waiting[key(verdict)].append(verdict)
        for index, finding in enumerate(findings):
            if index not in taken and waiting[key(finding)]:
                taken[index] = waiting[key(finding)].pop(0)
        left = [verdict for verdicts in waiting.values() for verdict in verdicts]
    names = ("verdict", "consequential", "reason")
    bare = [{k: v for k, v in finding.items() if k not in names} for finding in findings]
    rows = [
        {**finding, **{name: taken[index][name] for name in names if index in taken}}
        for index, finding in enumerate(bare)
    ]
    return rows, left


def parts(findings: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    """The groups of findings that precision is given for."""
    outside = [row for row in findings if not row["aside"]]
    yield "outside tests, errors and warnings", outside
    yield "outside tests, errors", [row for row in outside if row["severity"] == "error"]
    yield "outside tests, warnings", [row for row in outside if row["severity"] == "warning"]
    inside = [row for row in findings if row["aside"] and "verdict" in row]
    if inside:
        yield "in tests and the like, drawn at random", inside


def shares(rows: Sequence[Row]) -> list[str]:
    """How many there are, and how many of each verdict with their part in a hundred."""
    counts = Counter(row.get("verdict") for row in rows)
    done = sum(counts[kind] for kind in KINDS)
    return [
        str(done),
        *(f"{counts[kind]} ({100 * counts[kind] / max(1, done):.0f} %)" for kind in KINDS),
    ]


def precision(findings: Sequence[Row]) -> Iterator[list[str]]:
    """The rows of the table: each group, and all, where those drawn at random stand for the rest."""
    for name, rows in parts(findings):
        yield [name, *shares(rows)]
    weights: dict[str, float] = defaultdict(float)
    for aside in (False, True):
        group = [row for row in findings if row["aside"] == aside]
        done = [row["verdict"] for row in group if "verdict" in row]
        for verdict in done:
            weights[verdict] += len(group) / len(done)
    whole = sum(weights.values()) or 1.0
    estimates = [f"{100 * weights[kind] / whole:.0f} %" for kind in KINDS]
    judged_rows = sum("verdict" in row for row in findings)
    yield ["all, estimated", f"{judged_rows} of {len(findings)}", *estimates]


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def repositories_table(saved: Row) -> str:
    """What was read."""
    counts = Counter(row["repository"] for row in saved["findings"] if not row["aside"])
    inside = Counter(row["repository"] for row in saved["findings"] if row["aside"])
    rows = [
        [
            f"[{row['repository']}](https://github.com/{row['repository']})",
            f"`{row['commit'][:10]}`",
            f"{row['files']:,}",
            f"{row['lines']:,}",
            str(counts[row["repository"]]),
            str(inside[row["repository"]]),
        ]
        for row in saved["repositories"]
    ]
    files, lines = (sum(row[name] for row in saved["repositories"]) for name in ("files", "lines"))
    total = [f"{files:,}", f"{lines:,}", str(counts.total()), str(inside.total())]
    head = ["Repository", "Commit", "Files", "Lines", "Findings", "In tests and the like"]
    return markdown(head, [*rows, ["all", "", *total]])


def precision_table(saved: Row) -> str:
    """How many are real."""
    head = ["Findings", "Judged", "Real", "Harmless", "False"]
    return markdown(head, list(precision(saved["findings"])))


def codes_table(saved: Row) -> str:
    """The same by rule, outside tests."""
    by_code: dict[str, list[Row]] = defaultdict(list)
    for row in saved["findings"]:
        if not row["aside"]:
            by_code[row["code"]].append(row)
    rows = [[f"[{c}](rules/{c}.md)", *shares(by_code[c])] for c in sorted(by_code)]
    return markdown(["Rule", "Judged", "Real", "Harmless", "False"], rows)


def _link(saved: Row, row: Row) -> str:
    commit = next(
        r["commit"] for r in saved["repositories"] if r["repository"] == row["repository"]
    )
    line = "" if row["place"].startswith("cell") else f"#L{row['place']}"
    address = f"https://github.com/{row['repository']}/blob/{commit}/{row['path']}{line}"
    return f"[{row['path']}, {row['place']}]({address})".replace(", ", ":", 1)


def _listed(saved: Row, kinds: Sequence[str]) -> str:
    rows = []
    for row in saved["findings"]:
        if not row["aside"] and row.get("verdict") in kinds:
            consequence = {"yes": "**yes**", "no": "no"}[row["consequential"]]
            last = consequence if kinds == ("real",) else row["verdict"]
            rows.append(
                [
                    row["repository"],
                    _link(saved, row),
                    f"{row['code']} {row['severity']}",
                    row["reason"],
                    last,
                ]
            )
    title = "Consequential" if kinds == ("real",) else "Verdict"
    return markdown(["Repository", "Place", "Rule", "What happens", title], rows)


def real_table(saved: Row) -> str:
    """Every real finding outside tests."""
    return _listed(saved, ("real",))


def others_table(saved: Row) -> str:
    """Every harmless or false finding outside tests."""
    return _listed(saved, ("harmless", "false"))


def reports() -> list[Row]:
    """The texts for maintainers, as the file has them."""
    with REPORTS.open("rb") as file:
        return tomllib.load(file)["report"]


def reports_text(saved: Row) -> str:
    """The same, each with its places."""
    blocks = []
    for report in reports():
        places = []
        for wanted in report["findings"]:
            path, _, place = wanted.partition(":")
            row = {"repository": report["repository"], "path": path, "place": place}
            places.append(_link(saved, row))
        head = f"### {report['repository']}: {report['title']}\n\n{'; '.join(places)}\n\n"
        lines = report["text"].strip().split("\n")
        blocks.append(head + "\n".join(f"> {line}".rstrip() for line in lines))
    return "\n\n".join(blocks)


TABLES: dict[str, Callable[[Row], str]] = {
    "repositories": repositories_table,
    "precision": precision_table,
    "codes": codes_table,
    "real": real_table,
    "others": others_table,
    "reports": reports_text,
}


def fill(page: str, saved: Row) -> str:
    """The page with its tables written anew."""
    return _TABLE.sub(lambda m: f"{m[1]}\n{TABLES[m[2]](saved)}\n\n{m[3]}", page)


def main() -> None:
    """Measure where a folder is given; print; write the page where one is named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--only", default="", help="of the folder, those with this in their name")
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    page = options.page and options.page.absolute()
    saved = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if options.folder is not None:
        saved = remeasured(saved, options.folder.absolute(), options.only, options.jobs)
    saved["findings"], left = judged(saved["findings"], verdicts())
    RESULTS.write_text(json.dumps(saved, indent=1) + "\n")
    table = Table("findings", "judged", *KINDS)
    for cells in precision(saved["findings"]):
        table.add_row(*cells)
    Console().print(table)
    for row in saved["findings"]:
        if "verdict" not in row and not row["aside"]:
            print(f"unjudged {row['repository']} {row['path']}:{row['place']} {row['code']}")
    for row in left:
        if row["verdict"] == "real":
            print(f"no longer found {row['repository']} {row['path']}:{row['place']} {row['code']}")
    if page is not None:
        page.write_text(fill(page.read_text(), saved))


if __name__ == "__main__":
    main()
