"""``keystream migrate``: from keys threaded by hand to named streams, as a diff to review."""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path

from keystream._cli.output import show, tell
from keystream._cli.usage import UsageError, file_meant

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
    """Print the rewrite as a diff, what is left and why; 1 where there is something to do."""
    from keystream._linter.config import read_config
    from keystream._linter.engine import find_files

    missing = [path for path in arguments.paths if not Path(path).exists()]
    if missing:
        meant = file_meant(missing[0], "PATH ...", (".py",))
        raise UsageError(f"there is no {missing[0]!r}", fix=f"keystream migrate {meant}")
    changed = 0
    for path in find_files(arguments.paths, read_config(Path(arguments.paths[0]))):
        changed += _file(path, write=arguments.write)
    if changed:
        tell(_BITS)
    return int(changed > 0)


def _file(path: Path, *, write: bool) -> bool:
    """Rewrite one file, or show how."""
    from keystream._lint.source import UnreadableError, parse, read_source
    from keystream._linter.editing import apply
    from keystream._migrate.rewriting import migrations

    if path.suffix != ".py":
        tell(f"{path}: left as it is: only .py files are rewritten; save its code as one")
        return False
    try:
        source = read_source(path, str(path))
        found = migrations(source.text, parse(source))
    except UnreadableError as error:
        tell(f"{path}: left as it is: {error.reason}")
        return False
    for migration in found:
        if migration.reason:
            tell(f"{path}:{migration.line}: left as it is: {migration.reason}")
    edits = [edit for migration in found for edit in migration.edits]
    if not edits:
        return False
    after = apply(source.text, edits)
    if write:
        path.write_text(after, encoding="utf-8")
        for migration in found:
            if migration.edits:
                streams = ", ".join(migration.streams)
                tell(f"{path}:{migration.line}: {migration.name or 'the key'} is now {streams}")
        return True
    name = path.as_posix()
    before, lines = source.text.splitlines(keepends=True), after.splitlines(keepends=True)
    show("".join(difflib.unified_diff(before, lines, f"a/{name}", f"b/{name}")))
    return True
