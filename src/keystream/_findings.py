"""What a check found: a mistake with its places, its consequence and its remedy. Loads no JAX.

The audit and lint make findings, reports print them; the fields are those of the JSON report.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from keystream._codes import CODES

Severity = Literal["error", "warning", "note"]

SCHEMA = 1  # of the JSON report; a new one only where a reader of the old one would misread it


@dataclass(frozen=True)
class Location:
    """A place in source.

    Attributes:
        path: the file, as the program names it; relative to the working directory where it lies below.
        line: from 1; 0 where only the file is known.
        column: from 1; 0 where only the line is known.
        function: the qualified name of the function around it; ``<module>`` at top level.
        message: what stands there; empty for a finding's own locations.
        cell: of a notebook, from 1, to which line and column belong; 0 in other files. In a running
            notebook it is the number in brackets beside the cell, and the path is no file's.
    """

    path: str
    line: int
    column: int = 0
    function: str = ""
    message: str = ""
    cell: int = 0

    @property
    def said(self) -> str:
        """The place in words: ``train.py:3:5``, ``nb.ipynb, cell 3, line 2`` or ``cell 3, line 2``."""
        if self.cell:
            of_file = f"{self.path}, " if self.path.endswith(".ipynb") else ""
            return f"{of_file}cell {self.cell}, line {self.line}"
        known = [str(number) for number in (self.line, self.column) if number]
        return ":".join([self.path, *known])


@dataclass(frozen=True)
class Finding:
    """One mistake, however often it was seen.

    Attributes:
        code: of the table of codes, such as ``KS101``.
        severity: *error*, proven, and independent numbers or a run that can be repeated were wanted;
            *warning*, proven, but what was wanted can't be told, or likely; *note*, true, and harmless
            as far as the program shows, or a matter of style.
        message: what happened, with the offending value; stands alone.
        why: the consequence, one sentence.
        fix: an instruction, with code to paste.
        locations: most apt first; the user's lines first, frames of libraries after.
        related: other places that matter, each with its message (the first use, the split, the seed).
        module_path: of the draw in its model; empty where there is none.
        stream: that the draw's key belongs to; empty where there is none.
        steps: first and last step at which it was seen; None where steps have no meaning.
        count: how often it was seen.
        lineage: for each draw concerned, the way of its key from the seed to the draw.
        repair: how ``keystream lint`` repairs it, such as ``--fix: Remove the split``; why it can't,
            where others of the kind can be; empty where there is no repair of the kind.
        suppressed: the reason given with ``# keystream: ignore``; None where nothing suppresses it.
    """

    code: str
    severity: Severity
    message: str
    why: str
    fix: str
    locations: tuple[Location, ...] = ()
    related: tuple[Location, ...] = ()
    module_path: str = ""
    stream: str = ""
    steps: tuple[int, int] | None = None
    count: int = 1
    lineage: tuple[tuple[str, ...], ...] = ()
    suppressed: str | None = None
    repair: str = ""

    @property
    def name(self) -> str:
        """The name of the mistake, such as ``key-reused``."""
        return CODES[self.code]

    def __str__(self) -> str:
        return _as_text().of_finding(self).rstrip("\n")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return _shown(self)

    @property
    def counts(self) -> bool:
        """Whether it makes a check fail: an error or a warning that nothing suppresses."""
        return self.severity != "note" and self.suppressed is None


@dataclass(frozen=True)
class Report:
    """All that a check has to say.

    Attributes:
        program: what was checked: a script, a module, or the paths given to lint.
        findings: in the order in which they shall be read.
        summary: counts by name: ``calls``, ``draws``, ``unique_keys``, ``streams``, ``unseen`` from an
            audit, and ``unjudged``, why no draw was seen, where none was; ``files``, ``lines`` from
            lint.
        check: ``audit`` or ``lint``.
        draws: one row a place that drew: module_path, path, line, distribution, shape, dtype, stream,
            draws; empty from lint.
        timeline: one row a stream: stream, first and last step, and for up to 200 equal bins of steps
            how many draws there were and how many of them were from a key drawn from before; empty
            from lint.
        excused: one row for each reason and place for which draws from one key are no mistake: reason,
            path and line, first_path and first_line of the use before, and the number of draws; from
            lint one row for each pair of uses.
        shows_excused: whether the text tells of them too.
        history: what each place drew over the steps, and single draws with the way of their keys, as
            `keystream._audit.history` describes it, for the page; a record holds it, the JSON does not.
            Empty from lint, and from records that have none.
    """

    program: str
    findings: tuple[Finding, ...]
    summary: Mapping[str, Any]
    check: Literal["audit", "lint"]
    draws: tuple[Mapping[str, Any], ...] = ()
    timeline: tuple[Mapping[str, Any], ...] = ()
    excused: tuple[Mapping[str, Any], ...] = ()
    shows_excused: bool = False
    history: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        return _as_text().render(self).rstrip("\n")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return _shown(self)

    @property
    def exit_code(self) -> int:
        """0 where no finding of severity warning or above stands, else 1."""
        return int(any(finding.counts for finding in self.findings))


def _as_text() -> Any:
    """The renderer of text, found as the one below is."""
    return importlib.import_module("keystream._report.text")


def _shown(what: Finding | Report) -> dict[str, str]:
    """What a notebook shows of it, and what plain IPython does."""
    # Named as text, since reports stand above this module and are loaded when one is shown.
    return importlib.import_module("keystream._report.inline").bundle(what)


def as_json(finding: Finding) -> dict[str, Any]:
    """The finding with the keys of the JSON report."""
    fields: dict[str, Any] = {"code": finding.code, "name": finding.name} | asdict(finding)
    fields["locations"] = [_as_json(place, "message") for place in fields["locations"]]
    fields["related"] = [_as_json(place) for place in fields["related"]]
    fields["suppressed"] = finding.suppressed is not None
    fields["suppressed_reason"] = finding.suppressed or ""
    return fields


def _as_json(place: dict[str, Any], *omitted: str) -> dict[str, Any]:
    """A place without what it never has there, and without a cell in what is no notebook."""
    return {
        name: value
        for name, value in place.items()
        if name not in omitted and (name != "cell" or value)
    }
