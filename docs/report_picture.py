"""Takes the picture of the report's page that `audit.md` shows, with an installed Chromium.

python docs/report_picture.py
"""

import subprocess
import sys
import tempfile
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


def main() -> None:
    """Audit the program, open the page, choose a bar that repeats a key, and take the picture."""
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
            (DOCS / "images" / "report.png").write_bytes(page.picture())


if __name__ == "__main__":
    main()
