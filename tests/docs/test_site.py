"""The site: builds strictly, loads nothing from elsewhere, and shows what is there."""

import importlib
import importlib.util
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from executed_pages import PAGES, ROOT

import keystream as ks
from keystream.errors import by_code

sys.path.insert(0, str(ROOT / "tests/report"))

import chromium

pytest.importorskip("mkdocs", reason="the docs extra is not installed")

FIGURES = {
    "environment": {
        "device": "cpu (cpu)",
        "cores": 2,
        "machine": "x86_64",
        "python": "3.11.7",
        "versions": {"jax": "0.10.2"},
    },
    "rounds": 31,
    "eager": {
        count: {
            "us": {"keystream": [1.0, 2.0, 3.0], "nnx.Rngs": [10.0, 20.0, 30.0]},
            "us_a_key": [4.0, 5.0, 6.0],
            "fastest_idiom_over_keystream": [7.0, 8.0, 9.0],
        }
        for count in ("1", "64")
    },
    "in_step": {
        count: {
            "base_step_us": [100.0, 110.0, 120.0],
            "added_us": [11.0, 12.0, 13.0],
            "share_of_a_5_ms_step": [0.001, 0.0024, 0.003],
            "host_us": [14.0, 15.0, 16.0],
        }
        for count in ("1", "64")
    },
    "host_64_over_1": 1.034,
}
DRAWS = {
    "environment": FIGURES["environment"],
    "rounds": 15,
    "ratios": [
        {
            "pass": kind,
            "size": "1M",
            "dtype": "float32",
            "times_the_copy": {"keystream": [1.1, 1.2, 1.3]},
        }
        for kind in ("forward", "forward and backward")
    ],
}
TRAINING = {
    "environment": FIGURES["environment"],
    "rounds": 25,
    "models": {
        "mlp": {
            "sites": 24,
            "none_ms": [80.0, 82.0, 85.0],
            "candidates": {
                "keystream": {
                    "times_none": [1.011, 1.012, 1.013],
                    "trace_and_lower_ms_a_site": [4.0, 5.0, 6.0],
                    "compile_ms_a_site": [20.0, 21.0, 22.0],
                }
            },
        }
    },
}
THREEFRY = {
    "environment": FIGURES["environment"],
    "rounds": 11,
    "run": {
        "uniform": {
            "as_installed_ms": [190.0, 200.0, 210.0],
            "fused_times_faster": [6.1, 6.2, 6.3],
            "coming_times_faster": [6.0, 6.1, 6.2],
        }
    },
    "compile_s": {"uniform": {way: [0.1, 0.2, 0.3] for way in ("as installed", "fused", "coming")}},
    "initialise_s": {
        f"{way}, {lowering}, {turn}": [1.0, 2.0, 3.0]
        for way in ("jit", "eager")
        for lowering in ("as installed", "fused")
        for turn in ("first", "again")
    },
}
DEAD_ENDS = {
    "environment": FIGURES["environment"],
    "rounds": 9,
    "times_shipped": {"rounds in a loop": [5.0, 6.0, 7.0]},
    "compile_ms_a_site": {"shipped": [20.0, 21.0, 22.0], "mask inline": [80.0, 81.0, 82.0]},
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", folder],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder


def test_the_site_builds_strictly_with_a_page_for_each_document(site: Path) -> None:
    documents = [page for page in PAGES if page.parent != ROOT]
    built = list(site.rglob("index.html"))
    assert len(built) == len(documents)
    assert not list(site.rglob("*.py"))


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    loaded = re.compile(r'(?:src|href)="(?:https?:)?//[^"]+"[^>]*')
    for page in site.rglob("*.html"):
        text = page.read_text()
        tags = re.findall(r"<(?:script|link|img|iframe|source)\b[^>]*>", text)
        assert [tag for tag in tags if loaded.search(tag)] == [], page
    for sheet in [ROOT / "docs/extra.css"]:
        assert "url(" not in sheet.read_text()
        assert "@import" not in sheet.read_text()


def test_the_navigation_names_each_rule_under_its_family(site: Path) -> None:
    text = (site / "rules/index.html").read_text()
    linked = dict(
        re.findall(
            r'<a href="(KS\d{3})/" class="md-nav__link">\s*.*?>\s*(.*?)\s*</span>', text, re.DOTALL
        )
    )
    assert linked["KS101"] == "KS101 key reused"
    assert linked["KS604"] == "KS604 mode not given"
    assert {f"{code}.md" for code in linked} == {
        each.name for each in (ROOT / "docs/rules").iterdir()
    }
    headings = re.findall(
        r'<label class="md-nav__link" for="__nav_5_3_\d"[^>]*>.*?>\s*([\w ]+?)\s*</span>',
        text,
        re.DOTALL,
    )
    assert headings[:2] == ["Keys", "Steps"]


def _public_names() -> list[str]:
    names: list[str] = []
    for name in ks.__all__:
        value = getattr(ks, name)
        if isinstance(value, ModuleType):
            names += [f"keystream.{name}.{member}" for member in value.__all__]
        elif name != "__version__":
            names.append(f"keystream.{name}")
    return names


def test_every_public_name_is_documented(site: Path) -> None:
    pages = "".join(
        (site / page / "index.html").read_text() for page in ("api", "draws", "plan", "audit")
    )
    missing = [name for name in _public_names() if f'id="{name}"' not in pages]
    assert missing == []


def test_powers_of_two_in_docstrings_are_not_read_as_bold_type(site: Path) -> None:
    assert "Sizes are in [1, 2**32]; steps times all sizes is at most 2**44." in " ".join(
        (site / "api/index.html").read_text().split()
    )


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / f"docs/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_errors_is_what_the_docstrings_say() -> None:
    page = (ROOT / "docs/errors.md").read_text()
    assert page == _load("generate_errors").page(), "run: python docs/generate_errors.py"
    for code, cls in by_code().items():
        assert f"## {code} " in page
        assert (inspect.getdoc(cls) or "") in page


def test_the_figures_of_the_page_are_those_of_the_results() -> None:
    page = (ROOT / "docs/performance.md").read_text()
    filled = _load("generate_figures").fill(
        page,
        {
            "keys": FIGURES,
            "draws": DRAWS,
            "training": TRAINING,
            "threefry": THREEFRY,
            "dead_ends": DEAD_ENDS,
        },
    )
    for row in [
        "| µs for the keys of all streams | 1 stream | 64 streams |",
        "| keystream | 2 [1, 3] | 2 [1, 3] |",
        "| nnx.Rngs | 20 [10, 30] | 20 [10, 30] |",
        "| keystream, for each key | 5 [4, 6] | 5 [4, 6] |",
        "| fastest other, times keystream | 8 [7, 9] | 8 [7, 9] |",
        "| added to the step, µs | 12 [11, 13] | 12 [11, 13] |",
        "| share of a 5 ms step | 0.24% | 0.24% |",
        "| host, µs a call | 15 [14, 16] | 15 [14, 16] |",
        "Host time at 64 streams over that at 1: 1.03.",
        "Taken on cpu (cpu), 2 cores, x86_64, Python 3.11.7; jax 0.10.2.",
        "| float32, times a copy | 1M elements |",
        "| keystream | 1.2 [1.1, 1.3] |",
        "**mlp, 24 sites, 82 ms without dropout**",
        "| keystream | 1.012 [1.011, 1.013] | 5 [4, 6] | 21 [20, 22] |",
        "| uniform | 200 [190, 210] | 6.2 [6.1, 6.3] | 6.1 [6, 6.2] |",
        "| uniform | 0.2 [0.1, 0.3] | 0.2 [0.1, 0.3] | 0.2 [0.1, 0.3] |",
        "| eager, fuse_threefry | 2 [1, 3] | 2 [1, 3] |",
        "| rounds in a loop | 6 [5, 7] |",
        "| mask inline | 81 [80, 82] |",
    ]:
        assert row in filled
    assert "images/keys.svg" in filled


def test_the_page_of_statistical_tests_has_what_was_saved_and_what_is_missing() -> None:
    row = {"test": "sts_serial", "ntuple": 2, "p": 0.25, "says": "PASSED", "doubted": False}
    weak = row | {"p": 0.999, "says": "WEAK"}
    source = {"bytes": 3 * 2**29, "results": [row, weak], "repeated": [row]}
    saved = {
        "environment": FIGURES["environment"],
        "dieharder": {"not_run": 5, "sources": {"keys": source}},
    }
    page = (ROOT / "docs/randomness.md").read_text()
    filled = _load("generate_figures").fill(page, {"randomness": saved})
    for line in [
        "| keys | 1.5 | 2 | 1 | 1 | 0 | 0.001 | PASSED |",
        "| sts_serial 2 | 0.2500, 0.9990 |",
        "Tests of `dieharder -a` that were not run: 5.",
        "Taken with jax 0.10.2 on cpu (cpu), Python 3.11.7.",
    ]:
        assert line in filled


@pytest.mark.parametrize("name", ["performance.md", "randomness.md"])
def test_the_figures_that_stand_on_a_page_are_those_that_are_saved(name: str) -> None:
    figures = _load("generate_figures")
    assert (ROOT / "docs" / name).read_text() == figures.page(name), (
        "run: python docs/generate_figures.py"
    )


def test_the_pictures_of_figures_are_those_that_are_saved() -> None:
    figures = _load("generate_figures")
    for name in figures.PICTURES:
        saved = (figures.RESULTS / f"{name}.svg").read_bytes()
        assert (ROOT / f"docs/images/{name}.svg").read_bytes() == saved


def test_no_table_of_figures_is_wider_than_a_page() -> None:
    rows = [line for line in (ROOT / "docs/performance.md").read_text().splitlines() if "|" in line]
    assert max(len(row) for row in rows) <= 140
    assert max(row.count("|") for row in rows) <= 6  # five columns


def test_people_write_no_figures_on_the_page_of_figures() -> None:
    page = (ROOT / "docs/performance.md").read_text()
    prose = _load("generate_figures").without_tables(page)
    assert re.findall(r"\d+(?:\.\d+)?\s*(?:µs|us|ms|x|%|times)\b", prose) == []


def test_a_table_without_results_says_so_once() -> None:
    page = (ROOT / "docs/performance.md").read_text()
    filled = _load("generate_figures").fill(page, {})
    files = set(re.findall(r"\b(\w+)\.json:", page)) - {"summary"}
    assert filled.count("No results are saved in this checkout") == len(files)


def test_the_readme_links_to_files_that_are_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text())
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if chromium.found() is None:
        pytest.skip("no Chromium is installed")
    with chromium.running(tmp_path_factory.mktemp("profile")) as running:
        yield running


def _opened(browser: Any, page: Path, width: int, height: int = 800) -> Any:
    drawn = (
        "document.readyState === 'complete' && [...document.images].every((each) => each.complete)"
    )
    return browser.open(page / "index.html", width, height, ready=drawn)


def test_the_home_page_shows_the_picture_whole_and_its_doors_before_it_is_scrolled(
    site: Path, browser: Any
) -> None:
    page = _opened(browser, site, 1280)
    ends = "[...document.querySelectorAll('{}')].map((each) => each.getBoundingClientRect().{})"
    assert page.value(ends.format(".beside img", "bottom"))[0] < 640
    assert max(page.value(ends.format(".doors li p:first-child", "bottom"))) < 800


def test_a_phone_gets_the_pictures_of_a_narrow_terminal_and_code_that_is_whole(
    site: Path, browser: Any
) -> None:
    page = _opened(browser, site, 390)
    shown = "[...document.querySelectorAll('.terminal img')].map((each) => each.currentSrc)"
    assert [Path(each).name for each in page.value(shown)] == [
        "audit-narrow.svg", "repair-narrow.svg", "recording-narrow.svg",
    ]  # fmt: skip
    hidden = (
        "[...document.querySelectorAll('pre > code')].map((e) => e.scrollWidth - e.clientWidth)"
    )
    assert max(page.value(hidden)) == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_the_cells_of_a_row_of_figures_stand_on_one_line(
    site: Path, browser: Any, width: int
) -> None:
    page = _opened(browser, site / "performance", width)
    tops = (
        "[...document.querySelectorAll('table tr')].map((row) => [...row.cells].map((cell) => {"
        " const range = document.createRange(); range.selectNodeContents(cell);"
        " return range.getClientRects()[0]?.bottom; }).filter(Boolean))"
    )
    rows = [row for row in page.value(tops) if row]
    assert rows
    assert max(max(row) - min(row) for row in rows) < 3  # pixels: code is a little smaller
    gains = "document.querySelector('table')"
    assert page.value(f"{gains}.getBoundingClientRect().right") <= width


def test_long_tables_of_figures_unfold() -> None:
    page = (ROOT / "docs/performance.md").read_text()
    folded = re.findall(r'<details markdown="1">(.*?)</details>', page, re.DOTALL)
    shown = re.sub(r'<details markdown="1">.*?</details>', "", page, flags=re.DOTALL)
    assert {name for each in folded for name in re.findall(r"draws\.json: (\w+)", each)} == {
        "forward",
        "backward",
    }
    assert shown.index("images/draws.svg") < shown.index("### Forward")
