"""Draws the pictures of terminals that the pages show, from what the commands print there.

python docs/pictures.py

Each picture is made by running commands in a terminal of their own, on the programs that the home page
shows. The recording shows one command after the other. Styles in it move it, and whoever wants no motion
sees its last frame. A test runs all of them again, and fails where a picture shows something else.
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
# name of the picture -> the command that it shows, on the home page's programs
PICTURES = {
    "audit": "keystream audit train.py",
    "repair": "keystream lint --unsafe-fixes --diff train.py",
}
RECORDING = (
    "keystream audit train.py",
    "keystream lint --unsafe-fixes train.py",
    "keystream audit train.py",
)
TYPED, READ = 1.5, 5.5  # seconds that a command stands alone, and then with what it prints
_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_PROGRAM = re.compile(r'^```python title="([\w.]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)  # nothing is loaded from elsewhere
_SHOWN = re.compile(r"<text [^>]*>(.*?)</text>")


def programs() -> dict[str, str]:
    """The programs of the home page, by the name of the file."""
    return dict(_PROGRAM.findall((DOCS / "index.md").read_text()))


def picture(text: Text, name: str) -> str:
    """A terminal with a text, as SVG."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(file=nowhere, record=True, width=WIDTH, force_terminal=True)
        console.print(text)
    svg = console.export_svg(title="", theme=MONOKAI, unique_id=f"keystream-{name}")
    return _FONTS.sub("", svg) + "\n"


def recording(texts: list[tuple[Text, Text]]) -> str:
    """Commands and what they print, each shown for its time, as one SVG."""
    each = TYPED + READ
    whole = each * len(texts)
    styles: list[str] = []
    frames: list[str] = []
    lines = max(len(done.plain.split("\n")) for _, done in texts)
    for number, text in enumerate(frame for pair in texts for frame in pair):
        begin = number // 2 * each + number % 2 * TYPED
        end = begin + (READ if number % 2 else TYPED)
        first, last = 100 * begin / whole, 100 * end / whole
        missing = lines - len(text.plain.split("\n"))
        frames.append(
            f'<g class="frame" id="frame-{number}">\n'
            f"{picture(text + Text(chr(10) * missing), f'frame-{number}')}</g>\n"
        )
        shown = f"{first:.2f}%, {last - 0.01:.2f}% {{ visibility: visible }}"
        hidden = [f"0%, {first - 0.01:.2f}%"] * (number > 0) + [f"{last:.2f}%, 100%"]
        hidden = hidden[: 1 if number == 2 * len(texts) - 1 else None]
        styles.append(
            f"@keyframes show-{number} {{ {shown} {', '.join(hidden)} {{ visibility: hidden }} }}\n"
            f"#frame-{number} {{ animation: show-{number} {whole}s step-end infinite }}\n"
        )
    width, height = _SIZE.search(frames[0]).groups()  # pyright: ignore[reportOptionalMemberAccess]
    still = "".join(f"#frame-{n} {{ visibility: hidden }}\n" for n in range(2 * len(texts) - 1))
    return (
        f'<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">\n<style>\n'
        f"@media (prefers-reduced-motion: no-preference) {{\n{''.join(styles)}}}\n"
        f"@media (prefers-reduced-motion: reduce) {{\n{still}}}\n</style>\n"
        f"{''.join(frames)}</svg>\n"
    )


def _asked(command: str) -> Text:
    return Text().append("$ ", style="green").append(command, style="bold")


def _answered(command: str, folder: Path) -> Text:
    return _asked(command).append("\n").append_text(Text.from_ansi(_printed(command, folder)))


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
        # Lint tells there what it repaired; an audit says how it goes, and JAX what a machine has not.
        stderr=its if "lint" in command else subprocess.DEVNULL,
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
        place = Path(folder)
        made = {name: picture(_answered(PICTURES[name], place), name) for name in PICTURES}
        texts = [(_asked(command), _answered(command, place)) for command in RECORDING]
        return {**made, "recording": recording(texts)}


if __name__ == "__main__":
    for name, svg in drawn().items():
        (DOCS / "images" / f"{name}.svg").write_text(svg)
