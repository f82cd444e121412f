"""The report as one HTML page that needs no server and loads nothing.

The page is a shell with its styles and scripts inside, and its data as compressed JSON. The policy in
its head names its own script alone, so that no text of a program, however written, runs there, and
forbids every request.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

from keystream._extras import require
from keystream._findings import Report
from keystream._report import page_data, text
from keystream._version import __version__

# In the order in which they are put together: each uses what stands in those before it.
SCRIPTS = (
    "dom", "data", "editor", "tree", "source", "chart", "drawing", "selection", "findings", "draws",
    "compare", "export", "main",
)  # fmt: skip
_WITHOUT_SCRIPTS = 50  # findings that a reader without scripts sees, as text


def render(report: Report) -> str:
    """The page of one run.

    Raises:
        MissingExtraError: KS007, Jinja2 is not installed.
    """
    first = replace(report, findings=report.findings[:_WITHOUT_SCRIPTS])
    plain = text.render(first)
    return _page(page_data.of_reports([report], [""], None), report.program, plain)


def render_comparison(
    reports: Sequence[Report], names: Sequence[str], comparison: Mapping[str, Any], plain: str
) -> str:
    """The page of two runs side by side.

    Args:
        reports: of the runs.
        names: of their records.
        comparison: what ``keystream diff --json`` says of them.
        plain: the same as text, for readers without scripts.

    Raises:
        MissingExtraError: KS007, Jinja2 is not installed.
    """
    data = page_data.of_reports(reports, names, comparison)
    return _page(data, " and ".join(names), plain)


def _page(data: Mapping[str, Any], title: str, plain: str) -> str:
    require("jinja2", purpose="the HTML report")
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("keystream._report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = _static("report.css"), _script()
    page = environment.get_template("report.html.jinja").render(
        title=title,
        version=__version__,
        style=Markup(style),
        script=Markup(script),
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        data=packed(data),
        plain=plain,
    )
    return page + "\n"


def packed(data: Mapping[str, Any]) -> str:
    """Data as the page holds it; the same each time, since the time stands nowhere in it."""
    plain = json.dumps(data, separators=(",", ":"), ensure_ascii=False, default=str)
    return base64.b64encode(gzip.compress(plain.encode("utf-8", "replace"), 9, mtime=0)).decode()


def _script() -> str:
    parts = "\n".join(_static(f"scripts/{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}\n}})();\n'


def _static(name: str) -> str:
    return files("keystream._report").joinpath("templates", *name.split("/")).read_text("utf-8")


def _hash(text_of_element: str) -> str:
    """What a policy names an element's text by."""
    digest = hashlib.sha256(text_of_element.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
