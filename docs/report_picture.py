"""Takes the picture of the report's page that `audit.md` shows, with an installed Chromium.

python docs/report_picture.py

The picture holds the text that it shows, so that a test can tell whether the page still shows it.
"""

import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent / "tests" / "report"))

import chromium  # noqa: E402

PROGRAM = """\
import jax
import jax.numpy as jnp

import keystream as ks

streams = ks.Streams(0, "params", "dropout", "noise", "augment")
eval_key = jax.random.key(7)


@jax.jit
def train_step(x, dropout_key, noise_key):
    keep = jax.random.bernoulli(dropout_key, 0.9, x.shape)
    return x * keep + jax.random.normal(noise_key, x.shape)


@jax.jit
def evaluate(x, key):
    return (x + jax.random.uniform(key, x.shape)).mean()


x = jnp.zeros((32, 8))
for step in range(240):
    ks.step(step)
    x = train_step(x, streams.key("dropout", step), streams.key("noise", step))
    if step % 3 == 0:
        jax.random.permutation(streams.key("augment", step), 32)
    if step % 40 == 20:
        jax.random.normal(streams.key("noise", step), x.shape)
    if step % 24 == 0:
        evaluate(x, eval_key)
"""
HEIGHT = 1120  # pixels: the chart, with the draws of a bar
BELOW = "\nThe same as a table"  # what stands below the chart, out of the picture
PICTURE = DOCS / "images" / "report.png"
_NAME = "Page"  # of the part of the file that holds the text


def taken() -> tuple[bytes, str]:
    """The picture of the page after a bar that repeats a key was chosen, and the text that it shows."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "train.py").write_text(PROGRAM)
        command = "keystream audit --format html --output report.html train.py"
        subprocess.run([sys.executable, "-m", *command.split()], cwd=folder, check=False)
        with chromium.running(folder / "profile") as browser:
            page = browser.open(folder / "report.html", height=HEIGHT)
            page.click(".row:nth-child(2) .lane", 20.5 / 240)
            page.move((5, 5))
            page.value("scrollTo(0, 0)")
            return page.picture(), page.value("document.body.innerText").partition(BELOW)[0]


def with_text(png: bytes, text: str) -> bytes:
    """A picture that holds a text, as PNG keeps it: a part before the last one, which is 12 bytes."""
    kind, content = b"iTXt", f"{_NAME}\0\0\0\0\0{text}".encode()
    check = zlib.crc32(kind + content)
    part = len(content).to_bytes(4) + kind + content + check.to_bytes(4)
    return png[:-12] + part + png[-12:]


def text_of(png: bytes) -> str:
    """The text that a picture holds; empty where it holds none."""
    _, _, rest = png.partition(b"iTXt" + f"{_NAME}\0\0\0\0\0".encode())
    return rest[:-16].decode()  # without its checksum, and the last part


if __name__ == "__main__":
    PICTURE.write_bytes(with_text(*taken()))
