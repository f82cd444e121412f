"""The page in a browser: zoomed, filtered, compared, exported, and walked through with the keyboard."""

import base64
import csv
import gzip
import json
import re
from dataclasses import replace
from pathlib import Path

import chromium
import numpy as np
import pytest

from keystream import _report
from keystream._audit.history import history
from keystream._audit.recording import Recording, Site
from keystream._audit.steps import Steps
from keystream._audit.timeline import timeline
from keystream._findings import Finding, Location, Report
from keystream._report import page

pytestmark = pytest.mark.skipif(chromium.found() is None, reason="no Chromium is installed")

SOURCE = """\
import jax

key = jax.random.key(0)  # </script><script>document.title = "owned"</script>
noise = jax.random.normal(key, (8,))
keep = jax.random.bernoulli(key, 0.9, (8,))  # <img src=x onerror="document.title='owned'">
again = jax.random.uniform(key, (8,))  # \u202eesrever
"""
HOSTILE = '<b>bold</b></script><script>document.title="owned"</script>'


def finding(code, severity, line, path="train.py", **fields):
    defaults = {
        "message": f"normal draws from the key that normal drew from at line {line - 1}",
        "why": "both draw the same numbers where independent ones are expected",
        "fix": "give each its own key:\nfirst, second = jax.random.split(key)",
        "locations": (Location(path, line, 5, "step"), Location("main.py", 2, 0, "run")),
        "related": (Location(path, line - 1, 9, "step", "drawn from first"),),
        "steps": (10, 90),
        "lineage": (("key(0) (train.py:3)", "split[0] (train.py:4)", "normal"),
                    ("key(0) (train.py:3)", "split[0] (train.py:4)", "uniform")),
    }  # fmt: skip
    return Finding(code, severity, **{**defaults, **fields})


FINDINGS = (
    finding("KS101", "error", 5),
    finding("KS201", "warning", 6),
    finding("KS101", "warning", 3, "other.py", message=HOSTILE),
    finding("KS105", "note", 4),
    finding("KS105", "note", 6, suppressed="on purpose"),
)
SUMMARY = {"calls": 10, "draws": 210, "unique_keys": 201, "streams": ["dropout"], "unseen": {}}


def recorded(steps, seed=0):
    """A run: noise and dropout in each step, and in every tenth a draw from one and the same key."""
    generator = np.random.default_rng(seed)
    sites = [
        Site("draw", name, (8,), "float32", (Location("train.py", line),), stream=stream)
        for name, line, stream in (
            ("normal", 4, "noise"), ("bernoulli", 5, "dropout"), ("uniform", 6, ""))
    ]  # fmt: skip
    sites.append(Site("split", frames=(Location("train.py", 3),)))
    of_step = [[0, 1, 2] if step % 10 == 0 else [0, 1] for step in range(steps)]
    at = np.array([site for each in of_step for site in each], np.uint32)
    keys = generator.integers(0, 2**63, len(at)).astype(np.uint64)
    keys[at == 2] = 5
    said = Steps()
    for step in range(steps):
        said[step + 1] = step
    calls = np.repeat(np.arange(1, steps + 1), [len(each) for each in of_step]).astype(np.uint32)
    drawn = at == 0  # a chain: the key of each step's noise is split off that of the step before
    return Recording(
        sites=sites, keys=keys, key_sites=at, key_calls=calls, steps=said,
        children=keys[drawn][1:], parents=keys[drawn][:-1],
        edge_sites=np.full(steps - 1, 3, np.uint32), edge_calls=calls[drawn][1:],
        edge_data=np.ones(steps - 1, np.uint64),
    )  # fmt: skip


def report(steps=100, findings=FINDINGS, seed=0):
    recording = recorded(steps, seed)
    over_steps = tuple(timeline(recording))
    shown = history(recording, over_steps, ())
    return Report("train.py", findings, SUMMARY, "audit", (), over_steps, history=shown)


DRAWN = {
    "step": 40, "step_said": True, "within_call": 0, "module_path": "", "path": "train.py",
    "line": 4, "function": "step", "distribution": "normal", "shape": "(8,)", "dtype": "float32",
    "stream": "noise", "key": "0x00000000000000aa",
}  # fmt: skip
COMPARISON = {
    "records": ["a.parquet", "b.parquet"], "same": False, "draws": [210, 210], "places": 3,
    "moved": 0, "reordered": 0, "before": {**DRAWN, "step": 39},
    "seeds": [{"value": 0, "path": "train.py", "line": 3}, {"value": 1, "path": "train.py", "line": 3}],
    "partings": [
        {"how": "key", "equal_before": 82, "draws": 60, "a": DRAWN,
         "b": {**DRAWN, "key": "0x00000000000000bb"}},
        {"how": "more", "equal_before": 90, "draws": 1, "a": DRAWN, "b": None},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium.running(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(autouse=True)
def _beside_the_program(folder, monkeypatch):
    (folder / "train.py").write_text(SOURCE)
    (folder / "other.py").write_text(SOURCE)
    monkeypatch.chdir(folder)


@pytest.fixture
def shown(browser, folder):
    """Opens a page; each leaves nothing in the console, and asks for nothing."""
    opened = []

    def show(text, **window):
        path = folder / "report.html"
        path.write_text(text)
        opened.append(browser.open(path, **window))
        return opened[-1]

    yield show
    for each in opened:
        assert each.complaints() == []
        assert each.requests() == []
        assert each.value("document.title") != "owned"
        each.close()


def steps_shown(page):
    """The first and last step that the axis shows."""
    numbers = re.findall(r"\d[\d,]*", page.text("#range"))
    return tuple(int(number.replace(",", "")) for number in numbers[:2])


def test_the_axis_zooms_by_keyboard_wheel_drag_and_buttons(shown):
    opened = shown(_report.render(report(1000), "html"))
    assert steps_shown(opened) == (0, 999)
    opened.value("document.querySelector('#chart').focus()")
    opened.press("+")
    assert steps_shown(opened) == (250, 749)
    opened.press("ArrowRight", chromium.SHIFT)
    assert steps_shown(opened) == (500, 999)
    opened.press("-")
    opened.press("0")
    assert steps_shown(opened) == (0, 999)

    opened.drag(opened.where(".lane", 0.2), opened.where(".lane", 0.4))
    low, high = steps_shown(opened)
    assert 195 <= low <= 205
    assert 395 <= high <= 405
    opened.click("#zoom-all")

    point = opened.where(".lane", 0.5)
    opened.move(point)
    opened.wheel(point, -400)
    opened.wait("!document.querySelector('#range').innerText.startsWith('all')")
    low, high = steps_shown(opened)
    assert low > 200
    assert high < 800
    opened.click("#zoom-all")
    opened.click("#zoom-in")
    assert steps_shown(opened) == (250, 749)
    opened.click("#pan-left")
    assert steps_shown(opened) == (0, 499)


def test_a_bar_tells_its_draws_when_hovered_and_lists_them_when_clicked(shown):
    opened = shown(_report.render(report(), "html"))
    opened.move(opened.where(".row:nth-child(2) .lane", 0.405))
    assert opened.text("#tooltip").splitlines()[0] == "dropout, step 40"
    assert "1 × bernoulli float32[8] train.py:5" in opened.text("#tooltip")
    opened.click(".row:nth-child(1) .lane", 0.405)
    assert "noise · step 40 · 1 draw" in opened.text("#chosen-title")
    way = opened.text("#chosen .tree")
    assert "split[1]" in way
    assert "more" in way
    assert "normal float32[8] at step 40" in way
    assert opened.count("#chosen .singles li") == 1


def test_the_keyboard_walks_bars_rows_and_repeats_and_each_is_spoken(shown):
    opened = shown(_report.render(report(), "html"))
    opened.value("document.querySelector('#chart').focus()")
    opened.press("ArrowRight")
    assert opened.text("#spoken").startswith("noise, step 0. 1 draw")
    opened.press("ArrowRight")
    opened.press("ArrowDown")
    assert opened.text("#spoken").startswith("dropout, step 1. 1 draw")
    opened.press("n")
    assert opened.text("#spoken").startswith(
        "key at train.py:6, step 10. 1 draw, 1 from a key drawn"
    )
    opened.press("n")
    assert "step 20" in opened.text("#spoken")
    opened.press("p")
    assert "step 10" in opened.text("#spoken")
    opened.press("Enter")
    assert "step 10 · 1 draw ▼ 1 repeated" in opened.text("#chosen-title")
    assert "▼ repeated" in opened.text("#chosen .singles")
    assert opened.count("#chosen .tree .is-draw") >= 2  # with the draw that it repeats
    opened.press("Escape")
    assert opened.count("#chosen-title") == 0


def test_findings_are_filtered_by_severity_code_file_and_words(shown):
    opened = shown(_report.render(report(), "html"))
    assert opened.count(".card") == 4
    opened.click('.toggle[data-severity="error"]')
    assert opened.count(".card") == 3
    assert opened.value("document.querySelector('.toggle').ariaPressed") == "false"
    opened.click('.toggle[data-severity="error"]')
    choose(opened, "#filter-code", "KS101")
    assert opened.count(".card") == 2
    choose(opened, "#filter-file", "other.py")
    assert opened.count(".card") == 1
    assert opened.text("#found") == "1 of 5"
    choose(opened, "#filter-code", "KS105")
    assert opened.count("#no-findings") == 1
    opened.click("#no-findings button")
    assert opened.count(".card") == 5  # with the suppressed one
    opened.click("#show-suppressed")
    assert opened.count(".card") == 4
    opened.press("/")
    opened.type("same-draw LINE")
    assert opened.count(".card") == 1
    assert opened.text("#spoken") == "1 finding shown"


def choose(opened, selector, value):
    opened.value(
        f"(() => {{ const s = document.querySelector('{selector}'); s.value = '{value}';"
        "s.dispatchEvent(new Event('change')); })()"
    )


def test_findings_open_with_source_rule_and_tree_and_the_keyboard_goes_through_them(shown):
    opened = shown(_report.render(report(), "html"))
    opened.click("#collapse")
    assert opened.reaches(".card .body", 0)
    opened.press("j")
    opened.press("j")
    opened.press("Enter")
    assert opened.reaches(".card .body", 1)
    assert "KS201" in opened.text(".card[open]")
    assert opened.value("document.activeElement.closest('.card').id") == "finding-2"
    card = "#finding-2"
    assert "again = jax.random.uniform" in opened.text(f"{card} .line.here")
    assert "\\u202eesrever" in opened.text(f"{card} .line.here")
    opened.click(f"{card} .words .inner summary")
    assert opened.reaches(f"{card} .rule h4:nth-of-type(3)", 1)
    assert "What it does" in opened.text(f"{card} .rule")
    tree = opened.text(f"{card} .tree")
    assert (tree.count("key(0)"), tree.count("split[0]"), tree.count("normal")) == (1, 1, 1)
    opened.press("k")
    assert opened.value("document.activeElement.closest('.card').id") == "finding-1"
    opened.click("#expand")
    assert opened.reaches(".card .body", 4)


def test_places_whose_lines_meet_share_an_excerpt_and_no_line_stands_twice(shown):
    related = (Location("train.py", 4, 9, "step", "drawn from first"),
               Location("train.py", 5, 9, "step", "drawn from `key` again"),
               Location("other.py", 5, 9, "step", "drawn from first"))  # fmt: skip
    opened = shown(
        _report.render(report(findings=(finding("KS101", "error", 5, related=related),)), "html")
    )
    assert opened.count("#finding-1 .code") == 2
    first = "document.querySelector('#finding-1 .code')"
    numbers = opened.value(
        f"[...{first}.querySelectorAll('.line')].map((line) => +line.dataset.line)"
    )
    assert numbers == [2, 3, 4, 5, 6]
    told = opened.value(
        f"[...{first}.querySelectorAll('.remark')]"
        ".map((each) => [each.previousSibling.dataset.line, each.innerText])"
    )
    assert told == [["4", "drawn from first"], ["5", "drawn from key again"]]
    assert opened.text("#finding-1 .remark code") == "key"
    assert opened.count("#finding-1 .line.here.is-error") == 1


_MADE = {"key": "", "kind": "seed", "data": 0, "parent": -1, "path": "train.py", "line": 3}


def test_one_key_made_on_two_lines_is_one_step_that_leads_to_its_draws(shown):
    given = report()
    keys, places = given.history["keys"], given.history["places"]
    (uniform,) = (at for at, name in enumerate(places["distribution"]) if name == "uniform")
    (key,) = {
        key
        for key, at in zip(
            given.history["draws"]["key"], given.history["draws"]["place"], strict=True
        )
        if at == uniform
    }
    for name, value in {
        "kind": "seed",
        "data": 42,
        "parent": -1,
        "path": "train.py",
        "line": 3,
    }.items():
        keys[name][key] = value
    lineage = (("key(42) (train.py:3)",), ("key(42) (train.py:4)",))
    opened = shown(
        _report.render(
            replace(given, findings=(finding("KS106", "error", 4, lineage=lineage),)), "html"
        )
    )
    nodes = opened.value(
        "[...document.querySelectorAll('#finding-1 .node')].map((each) => each.innerText.split('\\n'))"
    )
    assert nodes == [
        ["key(42)", "train.py:3", "train.py:4"],
        ["uniform float32[8] at steps 0 to 90", "train.py:6", "repeated"],
    ]


def test_a_way_whose_draws_were_not_kept_leads_to_the_places_that_the_finding_names(shown):
    given = report()
    keys, drawn = given.history["keys"], given.history["draws"]
    for key, place in zip(drawn["key"], drawn["place"], strict=True):
        if place == 0:  # each key of the noise is folded of its own number
            for name, value in {
                "kind": "fold_in",
                "data": 7,
                "path": "train.py",
                "line": 3,
            }.items():
                keys[name][key] = value
            keys["parent"][key] = len(keys["key"])
    for name, value in _MADE.items():
        keys[name].append(value)
    lineage = (("key(0) (train.py:3)", "fold_in(99) (train.py:3)"),)
    named = finding("KS201", "warning", 4, lineage=lineage)
    other = finding("KS201", "warning", 5, lineage=lineage, related=())
    opened = shown(_report.render(replace(given, findings=(named, other)), "html"))
    assert opened.text("#finding-1 .node.is-draw") == "normal float32[8]\ntrain.py:4"
    assert opened.count("#finding-2 .node") == 2
    assert opened.count("#finding-2 .node.is-draw") == 0


def test_a_key_that_is_only_split_leads_to_the_draws_from_its_children(shown):
    given = report()
    keys, drawn = given.history["keys"], given.history["draws"]
    seed = len(keys["key"])
    for name, value in _MADE.items():
        keys[name].append(value)
    for key, place in zip(drawn["key"], drawn["place"], strict=True):
        if place == 2:
            keys["kind"][key], keys["data"][key], keys["parent"][key] = "split", 1, seed
    lineage = (("key(0) (train.py:3)",), ("key(0) (train.py:4)",))
    cards = (finding("KS106", "error", 4, lineage=lineage),)
    opened = shown(_report.render(replace(given, findings=cards), "html"))
    nodes = "[...document.querySelectorAll('#finding-1 .node .said')].map((each) => each.innerText)"
    assert opened.value(nodes) == ["key(0)", "split[1]", "uniform float32[8] at step 0"]


@pytest.mark.parametrize("width", [1280, 390])
def test_the_button_that_copies_stands_beside_code_that_is_whole(shown, width):
    fix = (
        "give `step` its own key:\nfirst, second = jax.random.split("
        + "a_very_long_name_of_a_key, " * 4
    )
    opened = shown(
        _report.render(report(findings=(finding("KS101", "error", 5, fix=fix),)), "html"),
        width=width,
    )
    boxes = opened.value(
        "['pre', 'button'].map((name) => { const e = document.querySelector(`.pasted ${name}`);"
        " const b = e.getBoundingClientRect();"
        " return [b.left, b.right, e.scrollWidth - e.clientWidth]; })"
    )
    (_, right, hidden), (left, end, _) = boxes
    assert right <= left
    assert end <= width
    assert hidden == 0
    assert opened.text("#finding-1 dd code") == "step"


def test_a_whole_file_is_shown_with_marks_that_lead_back_to_the_findings(shown):
    opened = shown(_report.render(report(), "html"))
    opened.click("#finding-1 figcaption .place")
    assert opened.count("#source .line") == len(SOURCE.splitlines())
    assert opened.value("document.querySelector('#source .here').dataset.line") == "5"
    assert opened.value("document.activeElement.className") == "close"
    assert "KS101" in opened.text('#source [data-line="5"] + .marks')
    opened.click('#source [data-line="6"] + .marks .mark')
    assert opened.value("document.querySelector('#finding-2').open")
    opened.press("Escape")
    assert opened.count("#source") == 0


def test_places_link_into_the_editor_of_choice(shown, folder):
    opened = shown(_report.render(report(), "html"))
    link = "document.querySelector('#finding-1 figcaption .editor').getAttribute('href')"
    assert opened.value(link) == f"vscode://file{folder}/train.py:5:5"
    opened.click("#actions .menu:nth-child(2) summary")
    pick = "document.querySelector('{}').value = '{}';"
    heard = "document.querySelector('#editor').dispatchEvent(new Event('input'))"
    opened.value(pick.format("#editor", "pycharm") + heard)
    assert opened.value(link) == f"pycharm://open?file={folder}/train.py&line=5&column=5"
    opened.value(pick.format("#editor", "own") + pick.format("#editor-template", "ed:{path}@{line}")
                 + pick.format("#editor-folder", "/a b") + heard)  # fmt: skip
    assert opened.value(link) == "ed:/a%20b/train.py@5"
    opened.value(pick.format("#editor-template", "javascript:alert(1)//{path}") + heard)
    assert opened.count("#finding-1 figcaption .editor") == 0
    opened.value("localStorage.clear()")


def test_the_report_is_exported_as_json_and_its_tables_as_csv(shown, folder):
    saved = folder / "saved"
    saved.mkdir()
    given = report()
    opened = shown(_report.render(given, "html"))
    opened.click("#actions .menu summary")
    text = opened.downloaded("#export-json", saved).read_text()
    assert json.loads(text) == json.loads(_report.render(given, "json"))
    choose(opened, "#filter-file", "other.py")
    opened.click("#actions .menu summary")
    path = opened.downloaded("#export-findings", saved)
    (row,) = csv.DictReader(path.read_text().splitlines(keepends=True))
    assert path.name == "train-findings.csv"
    assert (row["code"], row["path"], row["line"], row["message"]) == (
        "KS101",
        "other.py",
        "3",
        HOSTILE,
    )
    opened.click("#actions .menu summary")
    rows = list(csv.DictReader(opened.downloaded("#export-draws", saved).open()))
    assert [(each["stream"], each["draws"], each["repeated"]) for each in rows] == [
        ("noise", "100", "0"), ("dropout", "100", "0"), ("key at train.py:6", "10", "9"),
    ]  # fmt: skip


def test_two_runs_stand_side_by_side_with_what_differs_first(shown):
    other = replace(report(seed=1), findings=(*FINDINGS[:2], finding("KS303", "error", 4)))
    text = page.render_comparison((report(), other), ("a.parquet", "b.parquet"), COMPARISON, "")
    opened = shown(text)
    assert "part after 82 equal draws: another key" in opened.text("#difference .lead")
    assert [opened.text(f"#difference .side:nth-child({n}) .differs") for n in (1, 2)] == [
        "0x00000000000000aa", "0x00000000000000bb",
    ]  # fmt: skip
    assert opened.count("#chart .row:nth-child(1) .lane") == 2
    assert opened.count(".ticks .parting") == 1
    opened.click("#chart .row:nth-child(1) .lane", 0.405)
    assert opened.count("#chosen .side") == 2
    assert [opened.text(f"#chosen .side:nth-child({n}) h4") for n in (1, 2)] == [
        "A · a.parquet", "B · b.parquet",
    ]  # fmt: skip
    choose(opened, "#filter-run", "1")
    assert opened.count(".card") == 1
    assert "only B" in opened.text(".card:not([hidden])")
    choose(opened, "#filter-run", "both")
    assert opened.count(".card") == 2
    opened.click("#partings summary")
    assert "only one of the runs draws" in opened.text("#partings")


def test_a_screen_reader_is_told_of_every_part(shown):
    opened = shown(_report.render(report(), "html"))
    opened.press("Tab")
    assert opened.value("document.activeElement.innerText") == "Skip to the findings"
    roles = opened.roles()
    by_role = {}
    for role, name in roles:
        by_role.setdefault(role, []).append(name)
    assert by_role["heading"][:3] == ["train.py", "Streams and steps", "Findings 4 of 5"]
    assert by_role["main"] == [""]
    assert [each for each in by_role["button"] if not each] == []
    assert [each for role in ("searchbox", "combobox") for each in by_role[role] if not each] == []
    (chart,) = by_role["application"]
    assert chart == "Draws by stream and step, 3 rows, steps 0 to 99"
    opened.click("#as-table summary")
    assert opened.reaches("#as-table table", 1)
    table = opened.text("#as-table table")
    assert "key at train.py:6\tline\t10\t9\t10, 20, 30, 40, 50, 60, 70, …" in table


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_on_its_paper(shown, scheme):
    opened = shown(_report.render(report(), "html"), prefers_color_scheme=scheme)
    names = ("ink", "soft", "error", "warning", "note", "fine", "link", "again",
             "keyword", "string", "comment", "digit")  # fmt: skip
    colours = opened.value(
        f"Object.fromEntries({[*names, 'card', 'paper', 'draw']!r}.map((name) => [name,"
        "getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim()]))"
    )
    for name in names:
        for paper in ("card", "paper"):
            least = 4.5 if name != "again" else 3.9  # large or bold; beside it stands a triangle
            assert contrast(colours[name], colours[paper]) >= least, (name, paper)
    assert contrast(colours["draw"], colours["card"]) >= 3
    assert contrast(colours["ink"], colours["paper"]) >= 10


def contrast(one, other):
    """Of two colours, as the Web Content Accessibility Guidelines 2.2 define it."""
    light, dark = sorted(map(luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_narrow_window_needs_no_scrolling_to_the_side(shown):
    opened = shown(_report.render(report(), "html"), width=390)
    assert opened.value("document.documentElement.scrollWidth") <= 390
    opened.click("#expand")
    assert opened.value("document.documentElement.scrollWidth") <= 390


def test_in_a_narrow_window_a_table_breaks_no_word_and_each_cell_names_its_column(shown):
    given = report()
    given.history["places"]["module_path"][0] = "Net/Encoder_0/TransformerBlock_0/Dropout_0"
    opened = shown(_report.render(given, "html"), width=390)
    opened.click(".row:nth-child(1) .lane", 0.405)
    for name in ("#draws table", "#chosen table"):
        table = f"document.querySelector('{name}')"
        assert opened.value(f"{table}.scrollWidth <= {table}.parentElement.clientWidth")
        places = f"[...{table}.querySelectorAll('.place')].map((each) => each.clientHeight)"
        assert max(opened.value(places)) < 30  # pixels: one line
    cells = opened.value(
        "[...document.querySelectorAll('#draws tbody tr:first-child td')]"
        ".map((each) => each.dataset.head)"
    )
    assert cells == ["Stream", "Module", "Place", "Distribution", "Shape", "Draws", "Repeated"]
    roles = {role for role, _ in opened.roles()}
    assert {"table", "row", "cell", "columnheader"} <= roles


@pytest.mark.parametrize("steps", [10, 10_000, 100_000])
def test_a_run_of_any_length_is_drawn_and_stays_light(shown, steps):
    text = _report.render(report(steps), "html")
    if steps == 10_000:
        assert len(text) < 300_000
    opened = shown(text)
    assert steps_shown(opened) == (0, steps - 1)
    assert opened.count("#chart .lane") == 3
    ticks = opened.value("[...document.querySelectorAll('.ticks span')].map((e) => e.innerText)")
    assert 3 <= len(ticks) <= 12


def test_five_hundred_findings_are_listed_and_filled_when_they_are_opened(shown):
    many = tuple(finding("KS101", "error", 5, message=f"finding number {n}") for n in range(500))
    opened = shown(_report.render(report(findings=many), "html"))
    assert opened.count(".card") == 500
    assert opened.reaches(".card .body", 3)
    opened.value("document.querySelector('#filter-words').focus()")
    opened.type("number 49")  # which is in 49, 149, 249, 349, and 49x
    assert opened.count(".card") == 15


def test_a_record_without_a_history_still_has_its_rows(shown):
    opened = shown(_report.render(replace(report(), history={}), "html"))
    assert opened.count("#chart .row") == 3
    assert steps_shown(opened) == (0, 99)
    assert opened.text(".row-name") == "keys without a name"


def test_a_reader_without_scripts_has_the_report_as_text():
    text = _report.render(report(), "html")
    assert "normal draws from the key that normal drew from at line 4" in text
    assert "&lt;b&gt;bold&lt;/b&gt;&lt;/script&gt;" in text
    assert "</script><script>document" not in text


def test_the_same_report_is_the_same_page_and_holds_what_json_does():
    given = report()
    text = _report.render(given, "html")
    assert _report.render(given, "html") == text
    packed = re.search(r'type="application/octet-stream">([^<]+)<', text)
    assert packed is not None
    data = json.loads(gzip.decompress(base64.b64decode(packed[1])))
    assert data["runs"][0]["document"] == json.loads(_report.render(given, "json"))
    assert str(Path.cwd()) not in json.dumps(data)
