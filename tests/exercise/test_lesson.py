"""The lesson, run as a notebook: as it is, with its solution, and with what learners write instead."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import keystream as ks

ROOT = Path(__file__).parents[2]
LESSON = ROOT / "examples" / "lesson.ipynb"


ENVIRONMENT = {
    **os.environ,
    "JAX_PLATFORMS": "cpu",
    "PYTHONPATH": str(Path(ks.__file__).parents[1]),  # whatever the working directory
}


def _pictures():
    spec = importlib.util.spec_from_file_location(
        "lesson_pictures", ROOT / "docs/generate_lesson.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PICTURES = _pictures()


def lesson():
    notebook = nbformat.read(LESSON, as_version=4)
    return notebook, {cell.id: cell for cell in notebook.cells}


def shown(cell):
    return next(out.data for out in cell.outputs if out.output_type == "execute_result")


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The lesson, run from the top, and then the exercise again with each of a learner's attempts."""
    notebook, cells = lesson()
    attempts = {"solution": PICTURES.solution()}
    attempts |= {name: PICTURES.with_mistake(name) for name in PICTURES.PICTURES}
    attempts["stopped"] = "def run_dropout_model(*inputs):\n    print('here')\n    return 1 / 0"
    for name, source in attempts.items():
        check = f"{source}\n\nexercise.check(run_dropout_model)"
        notebook.cells.append(nbformat.v4.new_code_cell(check, id=name))
        cells[f"attempt {name}"] = notebook.cells[-1]
    folder = tmp_path_factory.mktemp("lesson")
    NotebookClient(
        notebook, kernel_name="python3", timeout=120, resources={"metadata": {"path": str(folder)}}
    ).execute(env=ENVIRONMENT)
    return cells


def test_the_file_holds_no_outputs_and_is_written_as_jupyter_writes_it():
    # Jupyter leaves pictures out of a notebook that somebody else has run: it is not trusted.
    notebook, _ = lesson()
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert LESSON.read_text(encoding="utf-8") == nbformat.writes(notebook) + "\n"


def test_the_pictures_show_what_the_text_says(executed):
    texts = {name: shown(executed[name])["text/plain"] for name in MASKED}
    rows = {
        name: dict(re.findall(r"^(.*\S) +([#.]{32})$", text, re.MULTILINE))
        for name, text in texts.items()
    }
    key = rows["key-masks"]
    assert key["key 0"] == key["key 0 again"] != key["key 1"]
    assert rows["apply"]["evaluation"] == "#" * 32
    assert rows["apply"]["training, key 2"] != rows["apply"]["training, key 3"]
    assert len(set(rows["gate"].values())) == 1  # the mask is a copy of the weights
    assert len(set(rows["two-keys"].values())) == 2
    single = rows["single-key-masks"]
    assert len({mask for name, mask in single.items() if name.startswith("single")}) == 3
    assert len({mask for name, mask in single.items() if name.startswith("two")}) == 1
    steps = rows["named"]
    assert len({mask for name, mask in steps.items() if name.startswith("one")}) == 1
    assert len({mask for name, mask in steps.items() if name.startswith("streams")}) == 3
    assert set(rows["more-streams"].values()) == {steps["streams, step 2"]}
    for name in MASKED:
        assert shown(executed[name])["text/html"].count("<rect") == 32 * len(rows[name])


MASKED = ("key-masks", "apply", "gate", "two-keys", "single-key-masks", "named", "more-streams")


def test_the_starting_point_runs_and_is_told_what_to_do(executed):
    assert "the function returns no array" in shown(executed["answer"])["text/html"]


def test_the_solution_at_the_end_is_right_and_leads_on(executed):
    answer = shown(executed["attempt solution"])
    assert "Right: 20 of 20 cases passed." in answer["text/html"]
    assert "keystream demo" in answer["text/html"]
    assert "Right: 20 of 20 cases passed." in answer["text/plain"]


@pytest.mark.parametrize("name", PICTURES.PICTURES)
def test_a_mistake_in_the_cell_is_named_and_drawn_as_on_the_page(executed, name):
    mistake, _ = PICTURES.PICTURES[name]
    answer = shown(executed[f"attempt {name}"])
    assert f"\n  {mistake}\n" in answer["text/plain"]
    assert "\x1b" not in answer["text/plain"]
    page = (ROOT / f"docs/images/lesson-{name}.svg").read_text(encoding="utf-8")
    words = re.compile(r"<text [^>]*>(.*?)</text>|<path d=\"([^\"]*)\"")
    svg = re.search(r"<svg.*?</svg>", answer["text/html"], re.DOTALL)[0]
    assert words.findall(svg) == words.findall(page), "run: python docs/generate_lesson.py"


def test_what_the_function_raises_and_prints_is_a_part_of_the_answer(executed):
    answer = shown(executed["attempt stopped"])["text/html"]
    assert "the solution raised ZeroDivisionError: division by zero" in answer
    assert "line 3: return 1 / 0" in answer
    assert "what your function printed" in answer


def test_hints_unfold_and_the_table_of_inputs_is_that_of_the_page(executed):
    hints = shown(executed["unfolding"])["text/html"]
    assert hints.count("<details>") == hints.count("<summary") == 5
    page = (ROOT / "docs/lesson.md").read_text(encoding="utf-8")
    inputs = re.findall(r"^\| `(\w+)` \|", executed["your-turn"].source, re.MULTILINE)
    assert inputs == re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)


def test_links_lead_to_pages():
    _, cells = lesson()
    links = re.findall(r"\]\((\S+?)\)", "".join(cell.source for cell in cells.values()))
    assert links
    assert all((LESSON.parent / link).is_file() for link in links)


CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
@pytest.mark.parametrize("width", [390, 1200])
def test_a_browser_shows_every_word_of_the_picture_within_it(executed, tmp_path, width):
    answer = shown(executed["attempt swapped"])["text/html"]
    probe = """<script>
      const svg = document.querySelector("svg"), box = svg.getBoundingClientRect();
      const out = [...svg.querySelectorAll("text")].filter(word => {
        const its = word.getBoundingClientRect();
        return its.left < box.left || its.right > box.right + 1 || its.bottom > box.bottom + 1;
      });
      const wide = document.documentElement.scrollWidth > window.innerWidth;
      const closed = [...document.querySelectorAll("details")].every(each => !each.open);
      document.title = [out.length, wide, closed].join(" ");
    </script>"""
    file = tmp_path / "answer.html"
    file.write_text(f"<meta charset=utf-8><body>{answer}{probe}</body>", encoding="utf-8")
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu",
         f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900", "--dump-dom",
         file.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "<title>0 false true</title>" in done.stdout
