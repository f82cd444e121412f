"""The pictures of terminals show what the commands print on the programs of the home page."""

import importlib.util

from executed_pages import ROOT


def _pictures():
    spec = importlib.util.spec_from_file_location("docs_pictures", ROOT / "docs/pictures.py")
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
