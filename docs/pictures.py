"""Draws the pictures of terminals that the pages show, from what the commands print there.

python docs/pictures.py

Each picture is made by running commands in a terminal of their own, on the programs that the home page
shows: in a wide one, and in a narrow one for phones. The recording shows one command after the other,
each below the last. Styles in it move it, and whoever wants no motion sees its last frame. A test runs
all of them again, and fails where a picture shows something else.
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
WIDTHS = {"": 84, "-narrow": 46}  # columns, by what a picture's name ends with
LINES = 20  # that the recording's terminal shows: of a longer text the last ones
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


def picture(text: Text, name: str, width: int) -> str:
    """A terminal with a text, as SVG."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(file=nowhere, record=True, width=width, force_terminal=True)
        console.print(text)
    svg = console.export_svg(title="", theme=MONOKAI, unique_id=f"keystream-{name}")
    return _FONTS.sub("", svg) + "\n"


def recording(texts: list[tuple[Text, Text]], name: str, columns: int) -> str:
    """Commands and what they print, each for its time below those before it, as one SVG."""
    each = TYPED + READ
    whole = each * len(texts)
    styles: list[str] = []
    frames: list[str] = []
    for number, text in enumerate(_screens(texts, columns)):
        begin = number // 2 * each + number % 2 * TYPED
        end = begin + (READ if number % 2 else TYPED)
        first, last = 100 * begin / whole, 100 * end / whole
        frames.append(
            f'<g class="frame" id="frame-{number}">\n'
            f"{picture(text, f'{name}-frame-{number}', columns)}</g>\n"
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


def _screens(texts: list[tuple[Text, Text]], columns: int) -> Iterator[Text]:
    """What a terminal of `LINES` lines shows as each command is typed, and when it is done."""
    before: list[Text] = []
    with Path(os.devnull).open("w") as nowhere:
        console = Console(file=nowhere, width=columns)
        for pair in texts:
            wrapped = [list(text.wrap(console, columns)) for text in pair]
            for rows in wrapped:
                shown = [*before, *rows][-LINES:]
                yield Text("\n").join([*shown, *[Text()] * (LINES - len(shown))])
            before += [*wrapped[-1], Text()]


def _asked(command: str) -> Text:
    return Text().append("$ ", style="green").append(command, style="bold")


def _answered(command: str, folder: Path, columns: int) -> Text:
    printed = Text.from_ansi(_printed(command, folder, columns))
    return _asked(command).append("\n").append_text(printed)


def shown(svg: str) -> str:
    """The text of a picture, whatever the drawing."""
    return "\n".join(_SHOWN.findall(svg))


def _printed(command: str, folder: Path, columns: int) -> str:
    """What a command prints on a terminal."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", *command.split()],
        cwd=folder,
        env={
            **os.environ,
            "COLUMNS": str(columns),
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
    return {name: svg for ending in WIDTHS for name, svg in _of_width(ending)}


def _of_width(ending: str) -> Iterator[tuple[str, str]]:
    columns = WIDTHS[ending]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, source in programs().items():
            (place / name).write_text(source)
        for name, command in PICTURES.items():
            made = f"{name}{ending}"
            yield made, picture(_answered(command, place, columns), made, columns)
        texts = [(_asked(each), _answered(each, place, columns)) for each in RECORDING]
        yield f"recording{ending}", recording(texts, f"recording{ending}", columns)


if __name__ == "__main__":
    for name, svg in drawn().items():
        (DOCS / "images" / f"{name}.svg").write_text(svg)
