"""Every example in a docstring runs, and prints what it shows."""

import ast
import doctest
import importlib
import inspect
from pathlib import Path

import pytest
from executed_pages import ROOT, run_python

SOURCE = ROOT / "src"


def _module(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


WITH_EXAMPLES = [
    _module(path)
    for path in sorted((SOURCE / "keystream").rglob("*.py"))
    if ">>> " in path.read_text()
]

# Docstrings of modules that show a use in an indented block, with names that the reader has.
WITH_BLOCKS = ["keystream", "keystream.linen"]
READERS_OWN = """
import flax.linen as nn, jax.numpy as jnp, keystream as ks


class Model(nn.Module):
    @nn.compact
    def __call__(self, x, deterministic):
        return nn.Dropout(0.5, deterministic=deterministic)(nn.Dense(4)(x))


model, x, step, streams = Model(), jnp.ones(4), 120, ks.Streams(0, "params", "dropout")
"""


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_every_example_of_a_module_prints_what_it_shows(name: str) -> None:
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner()
    report: list[str] = []
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        test.globs = {"__name__": "example"}
        runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).attempted > 0
    assert not report, "".join(report)


@pytest.mark.parametrize("name", WITH_BLOCKS)
def test_the_use_that_a_modules_docstring_shows_runs(name: str) -> None:
    text = inspect.cleandoc(importlib.import_module(name).__doc__ or "")
    block = inspect.cleandoc(
        "\n".join(line for line in text.split("\n") if line.startswith("    ") or not line)
    )
    assert block
    namespace: dict[str, object] = {"__name__": "example"}
    assert run_python(READERS_OWN, namespace, "reader", 1) == ""
    assert run_python(block, namespace, name, 1) == ""


def test_no_other_modules_docstring_shows_code_that_is_not_run() -> None:
    blocks = [
        _module(path)
        for path in sorted((SOURCE / "keystream").rglob("*.py"))
        if any(
            line.startswith(("    import ", "    from ", "    streams = ", "    variables = "))
            for line in _docstring(path).split("\n")
        )
    ]
    assert blocks == WITH_BLOCKS


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text())) or ""
