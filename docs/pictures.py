"""Draws the pictures of terminals that the pages show, from what the commands print there.

python docs/pictures.py

Each picture is made by running commands in a terminal of their own, on the programs that the home page
shows. A test runs them again, and fails where a picture shows something else.
"""

import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

DOCS = Path(__file__).parent
WIDTH = 84  # columns
# name of the picture -> the commands that it shows, on the home page's programs
PICTURES = {
    "audit": ("keystream audit train.py",),
    "repair": ("keystream lint --unsafe-fixes --diff train.py",),
}
_PROGRAM = re.compile(r'^```python title="([\w.]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)  # nothing is loaded from elsewhere
_SHOWN = re.compile(r"<text [^>]*>(.*?)</text>")


def programs() -> dict[str, str]:
    """The programs of the home page, by the name of the file."""
    return dict(_PROGRAM.findall((DOCS / "index.md").read_text()))


def draw(name: str, folder: Path) -> str:
    """A picture as SVG; the commands run in the folder, which has the programs."""
    text = Text()
    for command in PICTURES[name]:
        text.append("$ ", style="green").append(f"{command}\n", style="bold")
        text.append_text(Text.from_ansi(_printed(command, folder))).append("\n\n")
    text.rstrip()
    with Path(os.devnull).open("w") as nowhere:
        console = Console(file=nowhere, record=True, width=WIDTH, force_terminal=True)
        console.print(text)
    svg = console.export_svg(title="", theme=MONOKAI, unique_id=f"keystream-{name}")
    return _FONTS.sub("", svg) + "\n"


def shown(svg: str) -> str:
    """The text of a picture, whatever the drawing."""
    return "\n".join(_SHOWN.findall(svg))


def _printed(command: str, folder: Path) -> str:
    """What a command prints on a terminal."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", *command.split()],
        cwd=folder,
        env={
            **os.environ,
            "COLUMNS": str(WIDTH),
            "JAX_PLATFORMS": "cpu",
            "TERM": "xterm-256color",
        },
        stdin=subprocess.DEVNULL,
        stdout=its,
        stderr=subprocess.DEVNULL,  # where JAX warns of what a machine has not
    ):
        os.close(its)
        printed = b"".join(_chunks(ours))
    os.close(ours)
    return printed.decode().replace("\r\n", "\n").rstrip("\n")


def _chunks(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # Linux tells the end of a terminal so
            return
        if not chunk:
            return
        yield chunk


def drawn() -> dict[str, str]:
    """Every picture by its name."""
    with tempfile.TemporaryDirectory() as folder:
        for name, source in programs().items():
            (Path(folder) / name).write_text(source)
        return {name: draw(name, Path(folder)) for name in PICTURES}


if __name__ == "__main__":
    for name, svg in drawn().items():
        (DOCS / "images" / f"{name}.svg").write_text(svg)
