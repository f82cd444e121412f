"""The pictures of terminals show what the commands print on the programs of the home page."""

import importlib.util

import pytest
from executed_pages import ROOT


def _pictures(name="pictures"):
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / f"docs/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_picture_shows_what_is_printed_now():
    pictures = _pictures()
    stale = [
        name
        for name, svg in pictures.drawn().items()
        if pictures.shown((ROOT / f"docs/images/{name}.svg").read_text()) != pictures.shown(svg)
    ]
    assert stale == [], "run: python docs/pictures.py"


def test_a_picture_loads_nothing_and_shows_its_command():
    pictures = _pictures()
    recorded = [("recording", command) for command in pictures.RECORDING]
    for name, command in [*pictures.PICTURES.items(), *recorded]:
        svg = (ROOT / f"docs/images/{name}.svg").read_text()
        assert "url(http" not in svg
        assert "@font-face" not in svg
        assert command.replace(" ", "&#160;") in svg


def test_the_recording_ends_with_the_repair_and_an_audit_that_finds_nothing():
    pictures = _pictures()
    for ending in pictures.WIDTHS:
        svg = (ROOT / f"docs/images/recording{ending}.svg").read_text()
        last = pictures.shown(svg.rpartition('<g class="frame"')[2]).replace("&#160;", " ")
        assert last.count("keystream audit train.py") == 1
        assert "keystream lint --unsafe-fixes train.py" in last
        assert "keystream audit: nothing found" in last


def test_a_picture_for_phones_is_as_narrow_as_it_says():
    pictures = _pictures()
    for name in (*pictures.PICTURES, "recording"):
        svg = (ROOT / f"docs/images/{name}-narrow.svg").read_text()
        width = float(svg.partition('viewBox="0 0 ')[2].split()[0])
        assert width < 13 * pictures.WIDTHS["-narrow"] + 20


def test_the_readme_shows_the_program_of_its_picture():
    readme = (ROOT / "README.md").read_text()
    before, picture, _ = readme.partition("docs/images/audit.svg")
    assert picture
    assert f'```python title="train.py"\n{_pictures().programs()["train.py"]}```' in before


def test_the_picture_of_a_report_shows_what_the_page_shows_now():
    script = _pictures("report_picture")
    if script.chromium.found() is None:
        pytest.skip("no Chromium is installed")
    _, text = script.taken()
    assert "in the findings below" in text
    assert script.text_of(script.PICTURE.read_bytes()) == text, "run: python docs/report_picture.py"
