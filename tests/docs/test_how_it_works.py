"""The page for those who carry the work on names files that are there, and leaves no reader out."""

import re

import pytest
from executed_pages import ROOT

PAGE = (ROOT / "docs/how-it-works.md").read_text()
NAMED = sorted(
    set(re.findall(r"`((?:[\w.]+/)*[\w<>]+(?:\.(?:py|md|toml|txt|yml))|_\w+(?:/\w+)*)`", PAGE))
)


@pytest.mark.parametrize("name", [name for name in NAMED if "<" not in name])
def test_what_the_page_names_is_there(name):
    assert any((folder / name).exists() for folder in (ROOT, ROOT / "src/keystream"))


def test_the_page_says_where_what_is_added_goes():
    for name in (name for name in NAMED if "<" in name):
        folder = name.rpartition("/")[0]
        assert any((base / folder).is_dir() for base in (ROOT, ROOT / "src/keystream"))


def test_names_are_found_at_all():
    assert len(NAMED) > 50
