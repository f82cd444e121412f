"""What is not installed is named with the line that installs it, under its own name alone."""

import ast
import re
import sys
from pathlib import Path

import pytest

import keystream
from keystream._cli import main
from keystream._extras import require
from keystream.errors import MissingExtraError


def test_a_missing_library_is_named_as_pip_knows_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "haiku", None)
    with pytest.raises(MissingExtraError) as raised:
        require("haiku", purpose="keystream.haiku")
    assert str(raised.value) == (
        "keystream.haiku needs 'haiku', which is not installed\n"
        "  why:   only some users need it, so keystream comes without\n"
        "  fix:   python -m pip install dm-haiku\n"
        "  KS007 missing-extra (keystream rule KS007)"
    )


def test_all_that_is_missing_is_named_at_once(monkeypatch):
    monkeypatch.setitem(sys.modules, "optax", None)
    monkeypatch.setitem(sys.modules, "nbformat", None)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError) as raised:
        require("optax", "nbformat", "json", "sklearn", purpose="this")
    assert str(raised.value) == (
        "this needs 'optax', 'nbformat' and 'sklearn', which are not installed\n"
        "  why:   only some users need them, so keystream comes without\n"
        "  fix:   python -m pip install optax nbformat scikit-learn\n"
        "  KS007 missing-extra (keystream rule KS007)"
    )


def test_what_a_library_itself_lacks_is_not_taken_for_the_library(tmp_path, monkeypatch):
    (tmp_path / "whole.py").write_text("import a_part_that_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="a_part_that_is_not_there"):
        require("whole", purpose="this")


def test_no_text_of_the_program_asks_an_index_for_keystream():
    asking = re.compile(r"keystream\[\w|install\s+'?keystream\b")
    told = [
        f"{path.name}:{node.lineno}"
        for path in sorted(Path(keystream.__file__).parent.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and asking.search(node.value)
    ]
    assert told == []


def test_a_page_that_can_not_be_made_is_refused_before_the_program_runs(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    program = tmp_path / "train.py"
    program.write_text("print('ran')\n")
    assert main(["audit", "--format", "html", str(program)]) == 2
    printed, errors = capsys.readouterr()
    assert printed == ""
    assert errors.startswith("keystream audit: the HTML report needs 'jinja2'")
