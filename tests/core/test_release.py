"""What a release says of itself in several files is the same in all of them."""

import re
import subprocess
from pathlib import Path

import pytest

import keystream

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_the_citation_names_the_version():
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.findall(r"^version: (.*)$", citation, re.MULTILINE) == [keystream.__version__]


def test_every_release_of_the_changelog_begins_with_bits():
    sections = (ROOT / "CHANGELOG.md").read_text().split("\n## [")[1:]
    assert sections
    assert [re.search(r"^### (\w+)", text, re.MULTILINE)[1] for text in sections] == ["Bits"] * len(
        sections
    )


def test_every_wheel_that_a_page_names_has_the_version_that_is():
    named = {
        version
        for page in PAGES
        for version in re.findall(r"\bkeystream-(\d[\w.]*?)-py3", page.read_text())
    }
    assert named == {keystream.__version__}


def test_every_tag_that_a_page_names_is_there():
    named = {
        tag
        for page in PAGES
        for tag in re.findall(r"(?:rev: |keystream@|git \w+ )(v\d+\.\d+\.\d+)", page.read_text())
    }
    if not (ROOT / ".git").exists():
        pytest.skip("no repository, so no tags")
    tags = subprocess.run(["git", "tag"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert named <= set(tags.stdout.split())
