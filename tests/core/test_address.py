"""The documentation's address is said in one place, and everything that names it takes it from there."""

import importlib.util
import io
import json
import sys

import pytest
from test_small_things import report

from keystream import _address
from keystream._cli import main
from keystream._report import inline, sarif, text

ADDRESS = "https://docs.example/keystream/"
RULE = f"{ADDRESS}rules/KS101/"


@pytest.fixture(params=["", ADDRESS], ids=["without", "with"])
def address(request, monkeypatch):
    monkeypatch.setattr(_address, "DOCUMENTATION", request.param)
    return request.param


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_help_says_where_the_documentation_is(address, capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert said.endswith(f"Documentation: {address or 'in the folder docs of the source'}")


def test_a_page_printed_by_rule_ends_with_its_address(address, capsys):
    assert main(["rule", "KS101"]) == 0
    assert capsys.readouterr().out.endswith(f"\n\n{RULE}\n") == bool(address)


def test_an_error_of_the_library_has_its_address_on_the_page_of_errors(address):
    assert _address.page_of("KS001") == (f"{ADDRESS}errors/" if address else "")


def test_sarif_has_the_rules_page_in_it_and_its_address(address):
    (driver,) = (run["tool"]["driver"] for run in json.loads(sarif.render(report()))["runs"])
    (rule,) = driver["rules"]
    assert rule["help"]["markdown"].startswith(rule["shortDescription"]["text"][:20])
    assert "## Use instead" in rule["help"]["markdown"]
    assert (driver.get("informationUri"), rule.get("helpUri")) == (
        (address, RULE) if address else (None, None)
    )


def test_a_terminal_and_a_notebook_link_the_code_and_text_stays_as_it_is(address, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    text.write(report(), stream)
    assert (RULE in stream.getvalue()) == bool(address)
    assert (f'<a href="{RULE}">' in inline.of_report(report())) == bool(address)
    assert "docs.example" not in text.render(report())


def test_the_wheels_metadata_name_it():
    pytest.importorskip("hatchling", reason="the build backend is not installed")
    path = _address.__file__.replace("src/keystream/_address.py", "docs/metadata.py")
    spec = importlib.util.spec_from_file_location("docs_metadata", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    metadata = {}
    module.Address(path.removesuffix("/docs/metadata.py"), {}).update(metadata)
    said = {"Documentation": _address.DOCUMENTATION} if _address.DOCUMENTATION else {}
    assert metadata == {"urls": said}


def test_a_section_is_named_by_its_file_until_it_has_an_address(address):
    said = _address.section_of("guides/linen.md#the-guard"), _address.section_of("concepts.md")
    if address:
        assert said == (f"{ADDRESS}guides/linen/#the-guard", f"{ADDRESS}concepts/")
    else:
        assert said == ("docs/guides/linen.md#the-guard", "docs/concepts.md")
