"""What a release says of itself in several files is the same in all of them."""

import re
from pathlib import Path

import keystream

ROOT = Path(__file__).parents[2]


def test_the_citation_names_the_version():
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.findall(r"^version: (.*)$", citation, re.MULTILINE) == [keystream.__version__]


def test_every_release_of_the_changelog_begins_with_bits():
    sections = (ROOT / "CHANGELOG.md").read_text().split("\n## [")[1:]
    assert sections
    assert [re.search(r"^### (\w+)", text, re.MULTILINE)[1] for text in sections] == ["Bits"] * len(
        sections
    )
