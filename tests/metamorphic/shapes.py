"""The same program in another shape: launched otherwise, twice, beside another one, renamed.

A shape writes files and says how they are run and where the lines of the program went.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from corpus import Mistake, Program
from renaming import misleading_comments, renamed, with_comparisons, without_comments


@dataclass(frozen=True)
class Line:
    """A line of a written file, and the line of the program that it was, if any."""

    text: str
    number: int | None = None


@dataclass(frozen=True)
class Wanted:
    """A mistake where the shape has put it. A place is a file and a line."""

    program: str
    codes: frozenset[str]
    places: frozenset[tuple[str, int]]


@dataclass(frozen=True)
class Task:
    """One run: the files, the command that runs them, and what a report should name."""

    files: dict[str, str]
    runner: str
    arguments: tuple[str, ...]
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True)
class Launcher:
    """How a command-line library calls `main`."""

    module: str | None
    imports: tuple[str, ...]
    tail: tuple[str, ...]
    decorators: tuple[str, ...] = ()
    signature: str = "def main():"


LAUNCHERS = {
    "absl": Launcher("absl", ("from absl import app",), ("app.run(main)",), (), "def main(argv):"),
    "click": Launcher("click", ("import click",), ("main()",), ("@click.command()",)),
    "fire": Launcher("fire", ("import fire",), ("fire.Fire(main)",)),
    "typer": Launcher("typer", ("import typer",), ("typer.run(main)",)),
    "tyro": Launcher("tyro", ("import tyro",), ("tyro.cli(main)",)),
    "hydra": Launcher(
        "hydra",
        ("import hydra",),
        ("main()",),
        ("@hydra.main(version_base=None)",),
        "def main(config):",
    ),
    "thread": Launcher(
        None,
        ("import threading",),
        ("worker = threading.Thread(target=main)", "worker.start()", "worker.join()"),
    ),
    "pool": Launcher(
        None,
        ("from concurrent.futures import ThreadPoolExecutor",),
        ("with ThreadPoolExecutor(1) as pool:", "    pool.submit(main).result()"),
    ),
    "twice": Launcher(None, (), ("main()", "main()")),
}


def _launched(program: Program, launcher: Launcher) -> Task:
    tail = ("", "", 'if __name__ == "__main__":', *(f"    {line}" for line in launcher.tail))
    lines = _with_main(program, launcher.imports, launcher.decorators, launcher.signature)
    return _task(program, [*lines, *map(Line, tail)])


def _bare(program: Program) -> Task:
    return _task(program, _numbered(program.source))


def _pytest_main(program: Program) -> Task:
    lines = _with_main(program, ("import sys", "import pytest"))
    tail = (
        *_TEST,
        "",
        "",
        'if __name__ == "__main__":',
        '    sys.exit(pytest.main([__file__, "-q", "-p", "no:cacheprovider"]))',
    )
    return _task(program, [*lines, *map(Line, tail)])


_TEST = ("", "", "def test_main():", "    main()")


def _pytest_module(program: Program) -> Task:
    lines = [*_with_main(program), *map(Line, _TEST)]
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "train.py")
    return _task(program, lines, arguments=arguments)


def _pytest_plugin(program: Program) -> Task:
    lines = [*_with_main(program), *map(Line, _TEST)]
    arguments = (
        "-p",
        "keystream._pytest_plugin",
        "--keystream",
        "-p",
        "no:cacheprovider",
        "train.py",
    )
    return _task(program, lines, runner="pytest", arguments=arguments)


def _unittest(program: Program) -> Task:
    lines = _with_main(program, ("import unittest",))
    tail = (
        "",
        "",
        "class Training(unittest.TestCase):",
        "    def test_main(self):",
        "        main()",
        "",
        "",
        'if __name__ == "__main__":',
        "    unittest.main()",
    )
    return _task(program, [*lines, *map(Line, tail)])


def _hosted(program: Program, host: str) -> Task:
    return _task(program, _numbered(program.source), host=host)


def _runpy(program: Program) -> Task:
    return _hosted(program, 'import runpy\n\nrunpy.run_path("train.py", run_name="__main__")\n')


def _ipython(program: Program) -> Task:
    return _hosted(
        program,
        "from pathlib import Path\n\n"
        "from IPython.core.interactiveshell import InteractiveShell\n\n"
        "shell = InteractiveShell.instance()\n"
        # IPython takes empty lines away from the top of a cell: a comment keeps the numbers of lines.
        'source = Path("train.py").read_text()\n'
        'source = f"#{source}" if source.startswith("\\n") else source\n'
        "shell.run_cell(source, store_history=True).raise_error()\n",
    )


def _edited(edit: Callable[[Program], list[Line]]) -> Callable[[Program], Task]:
    return lambda program: _task(program, edit(program))


def _neutral(program: Program) -> list[Line]:
    return _numbered(without_comments(renamed(program.source, lambda n, _: f"v{n}")))


_WORDS = (
    "value_check",
    "replay_same_key",
    "evaluate_checkerboard",
    "fixed_noise_loc",
    "test_block",
    "shared_replica_seed",
    "validate_equal",
    "common_baseline",
)


def _misleading(program: Program) -> list[Line]:
    def name(number: int, is_class: bool) -> str:
        words = _WORDS[number % len(_WORDS)]
        words = words.title().replace("_", "") if is_class else words + "_"
        return f"{words}{number}"

    source = renamed(program.source, name)
    marked = frozenset(line for mistake in program.mistakes for line in mistake.lines)
    above = misleading_comments(source, marked)
    lines: list[Line] = []
    for line in _numbered(source):
        if line.number in above:
            lines.append(Line(above[line.number]))
        lines.append(line)
    return lines


def _compared(program: Program) -> list[Line]:
    return _numbered(with_comparisons(program.source))


SHAPES: dict[str, Callable[[Program], Task]] = {
    "bare": _bare,
    "twice": lambda program: _launched(program, LAUNCHERS["twice"]),
    **{
        name: lambda program, name=name: _launched(program, LAUNCHERS[name])
        for name in ("absl", "click", "fire", "typer", "tyro", "hydra", "thread", "pool")
    },
    "unittest": _unittest,
    "pytest_main": _pytest_main,
    "pytest_module": _pytest_module,
    "pytest_plugin": _pytest_plugin,
    "runpy": _runpy,
    "ipython": _ipython,
    "comparison": _edited(_compared),
    "neutral": _edited(_neutral),
    "misleading": _edited(_misleading),
}
"""Shapes of one program. `PAIRED` has those of two."""


def after(correct: Program, program: Program) -> Task:
    """A correct program runs first, in the same process."""
    return _pair(correct, program)


def before(program: Program, other: Program) -> Task:
    """Another mistaken program follows in the same process; all mistakes of both are wanted."""
    return _pair(program, other)


PAIRED = {"after": after, "before": before}
LINT_SHAPES = ("bare", "twice", "absl", "click", "unittest", "comparison", "neutral", "misleading")
"""The shapes that change what stands in the source."""


def installed(shape: str) -> bool:
    """Whether the library that the shape launches with is installed."""
    modules = {name: launcher.module for name, launcher in LAUNCHERS.items()}
    module = {"ipython": "IPython", **modules}.get(shape)
    return module is None or find_spec(module) is not None


def tasks(shape: str, program: Program, everything: list[Program]) -> Task:
    """The task of a program in a shape; a partner is chosen by the program's place in the list."""
    if shape in SHAPES:
        return SHAPES[shape](program)
    index = everything.index(program)
    if shape == "after":
        correct = [other for other in everything if other.kind == "correct" and other != program]
        return after(correct[(7 * index) % len(correct)], program)
    if program.kind == "correct":
        raise ValueError("a correct program before a mistaken one is the shape 'after'")
    silent = [
        other
        for other in everything
        if other.kind == "mistaken"
        and not other.loud
        and not any(a.codes & b.codes for a in other.mistakes for b in program.mistakes)
    ]
    other = silent[(11 * index) % len(silent)]
    return before(other, program) if program.loud else before(program, other)


CATCHING = ("unittest", "pytest_main", "pytest_module", "pytest_plugin", "thread", "hydra")
"""Launchers that catch what `main` raises: an error that ends a program ends nothing there."""


def applies(shape: str, program: Program) -> bool:
    """Whether a shape exists for a program."""
    if program.loud and shape in CATCHING:
        return False
    return installed(shape) and not (shape == "before" and program.kind == "correct")


def _task(
    program: Program,
    lines: list[Line],
    *,
    runner: str = "audit",
    arguments: tuple[str, ...] = ("train.py",),
    host: str = "",
) -> Task:
    files = {"train.py": _text(lines)}
    if host:
        files["run.py"] = host
        arguments = ("run.py",)
    return Task(files, runner, arguments, _wanted(program, "train.py", lines))


def _pair(first: Program, second: Program) -> Task:
    files, wanted = {}, ()
    for name, program in (("first", first), ("second", second)):
        lines = _with_main(program)
        files[f"{name}.py"] = _text(lines)
        wanted += _wanted(program, f"{name}.py", lines)
    files["run.py"] = "import first\nimport second\n\nfirst.main()\nsecond.main()\n"
    return Task(files, "audit", ("run.py",), wanted)


def _wanted(program: Program, path: str, lines: list[Line]) -> tuple[Wanted, ...]:
    moved = {line.number: number for number, line in enumerate(lines, start=1) if line.number}

    def place(mistake: Mistake) -> Wanted:
        places = frozenset((path, moved[line]) for line in mistake.lines)
        return Wanted(program.name, mistake.codes, places)

    return tuple(map(place, program.mistakes))


def _text(lines: list[Line]) -> str:
    return "\n".join(line.text for line in lines) + "\n"


def _numbered(source: str) -> list[Line]:
    return [Line(text, number) for number, text in enumerate(source.splitlines(), start=1)]


def _with_main(
    program: Program,
    imports: tuple[str, ...] = (),
    decorators: tuple[str, ...] = (),
    signature: str = "def main():",
) -> list[Line]:
    """The program as a module whose `main` runs it and is not called yet."""
    tree = ast.parse(program.source)
    lines = _numbered(program.source)
    guard = _main_guard(tree)
    if guard is not None:
        head = lines[: guard.lineno - 1]
        start = next(
            node.lineno
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.name == "main"
        )
        top = [*head[: start - 1], *map(Line, decorators), Line(signature, start), *head[start:]]
        return [*map(Line, imports), *_stripped(top)]
    end = _end_of_head(tree)
    inside = _inside_strings(tree)
    body = [
        Line(
            f"    {line.text}" if line.text and line.number not in inside else line.text,
            line.number,
        )
        for line in lines[end:]
    ]
    return [
        *map(Line, imports),
        *lines[:end],
        *map(Line, ("", "", *decorators, signature)),
        *_stripped(body),
    ]


def _stripped(lines: list[Line]) -> list[Line]:
    while lines and not lines[-1].text.strip():
        lines = lines[:-1]
    return lines


def _main_guard(tree: ast.Module) -> ast.If | None:
    for node in tree.body:
        if isinstance(node, ast.If) and re.match(r"__name__ == ", ast.unparse(node.test)):
            return node
    return None


def _end_of_head(tree: ast.Module) -> int:
    """The last line of the imports and of JAX's configuration, which must come before any array."""
    end = 0
    for index, node in enumerate(tree.body):
        is_text = index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_configuration = ast.unparse(node).startswith("jax.config.update(")
        if not (is_text or is_configuration or isinstance(node, ast.Import | ast.ImportFrom)):
            break
        end = node.end_lineno or end
    return end


def _inside_strings(tree: ast.Module) -> set[int]:
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno is not None
        for line in range(node.lineno + 1, node.end_lineno + 1)
    }
