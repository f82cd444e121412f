"""``keystream migrate``: from keys threaded by hand to named streams, as a diff to review."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from keystream._cli.output import show, tell
from keystream._cli.usage import UsageError, file_meant
from keystream._findings import Location

if TYPE_CHECKING:
    from keystream._lint.repairs import Edit
    from keystream._lint.source import Source
    from keystream._linter.fixing import Fixed
    from keystream._migrate.rewriting import Migration

_BITS = (
    "keystream migrate: the bits change: every key above is a new one, and so are all draws from it"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("paths", nargs="+", help="files and folders")
    parser.add_argument(
        "--write", action="store_true", help="change the files, which draws other bits"
    )


def run(arguments: argparse.Namespace) -> int:
    """Rewrite, or print the diff, and say what is left; 1 where there is something left to rewrite."""
    from keystream._linter.config import read_config
    from keystream._linter.engine import find_files

    missing = [path for path in arguments.paths if not Path(path).exists()]
    if missing:
        meant = file_meant(missing[0], "PATH ...", (".py", ".ipynb"))
        raise UsageError(f"there is no {missing[0]!r}", fix=f"keystream migrate {meant}")
    changed = 0
    for path in find_files(arguments.paths, read_config(Path(arguments.paths[0]))):
        changed += _file(path, write=arguments.write)
    if changed:
        tell(_BITS)
    return int(changed > 0 and not arguments.write)


def _file(path: Path, *, write: bool) -> bool:
    """Rewrite one file, or show how."""
    from keystream._lint.source import UnreadableError, parse, read_source
    from keystream._linter.editing import as_before
    from keystream._migrate.rewriting import migrations

    if path.suffix not in (".py", ".ipynb"):
        tell(f"{path}: left as it is: only Python files and notebooks are rewritten")
        return False
    try:
        source = read_source(path, str(path))
        found = migrations(source.text, parse(source))
    except UnreadableError as error:
        tell(f"{path}: left as it is: {error.reason}")
        return False
    for migration in found:
        if migration.reason:
            tell(f"{_place(source, migration)}: left as it is: {migration.reason}")
    rewritten = _rewritten(path, source, [edit for one in found for edit in one.edits])
    if rewritten is None:
        return False
    if write:
        path.write_bytes(as_before(path.read_bytes(), rewritten.after))
        for migration in found:
            if migration.edits:
                streams = ", ".join(migration.streams)
                name = migration.name or "the key"
                tell(f"{_place(source, migration)}: {name} is now {streams}")
    else:
        show(rewritten.diff())
    return True


def _rewritten(path: Path, source: Source, edits: list[Edit]) -> Fixed | None:
    """A file with its edits; of a notebook the cells that change, and all else as it is."""
    from keystream._linter.cells import edited, in_notebook
    from keystream._linter.editing import apply
    from keystream._linter.fixing import Fixed

    if not edits:
        return None
    raw = path.read_bytes()
    try:
        before = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        tell(f"{path}: left as it is: only files in UTF-8 are rewritten")
        return None
    if not source.cells:
        return Fixed(path, before, apply(source.text, edits), ())
    after = edited(source, edits)
    if after is None:
        tell(f"{path}: left as it is: the rewrite would reach from one cell into another")
        return None
    text = in_notebook(raw, source, after).decode("utf-8-sig")
    return Fixed(path, before, text, ())


def _place(source: Source, migration: Migration) -> str:
    """Where a key is made or left, by cell and line in a notebook."""
    if not 0 < migration.line <= len(source.cells):
        return Location(source.path, migration.line).said
    cell, line = source.cells[migration.line - 1]
    return Location(source.path, line, cell=cell).said
