"""What JAX does not promise is used in two modules, where their docstrings say what and why."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import keystream

SOURCE = Path(keystream.__file__).parent
ALLOWED = {"_internals.py", "_jax_door.py"}


def uses(tree: ast.AST) -> Iterator[int]:
    """The lines that import ``jax._src`` or ``jaxlib``, by a statement or a name, or reach into it."""
    for node in ast.walk(tree):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call):
            named = ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__")
            modules = [ast.unparse(node.args[0]).strip("f'\"")] if named and node.args else []
        elif isinstance(node, ast.Attribute):
            modules = [ast.unparse(node)] if node.attr == "_src" else []
        if any(name.startswith(("jax._src", "jaxlib")) for name in modules):
            yield node.lineno  # pyright: ignore[reportAttributeAccessIssue]


def test_the_internals_of_jax_are_used_in_two_modules_alone() -> None:
    found = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if any(uses(ast.parse(path.read_text())))
    }
    assert found == ALLOWED


@pytest.mark.parametrize(
    "line",
    [
        "import jax._src.core",
        "from jax._src import core",
        "from jax import _src",
        "import jaxlib",
        "jax._src.core.Tracer",
        "importlib.import_module('jax._src.core')",
        "import_module(f'jax._src.{name}')",
    ],
)
def test_every_way_in_is_noticed(line: str) -> None:
    assert list(uses(ast.parse(line)))


@pytest.mark.parametrize("line", ["import jax.extend", "x = 'jax._src.random'", "import_module(m)"])
def test_what_only_names_them_is_not(line: str) -> None:
    assert not list(uses(ast.parse(line)))
