"""Every block of the README and of the site runs, and prints what the page shows."""

from pathlib import Path

import pytest
from executed_pages import PAGES, ROOT, SKIPPED_LINES, run_page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_of_a_page_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    run_page(page, tmp_path)


def test_every_skipped_line_stands_in_some_page() -> None:
    lines = {line for page in PAGES for line in page.read_text().splitlines()}
    assert set(SKIPPED_LINES) <= lines


def _page(tmp_path: Path, text: str) -> Path:
    page = tmp_path / "page.md"
    page.write_text(text)
    return page


RIGHT = """\
```python title="solution.py"
print(1 + 1)
```

```text
2
```

Between them, words.

```python
print("a")  # a
{}["b"]
```

```text
a
KeyError: 'b'
```

```sh
cat solution.py
exit 3  # exits 3
```

```text
print(1 + 1)
```
"""


def test_a_right_page_passes_and_all_its_blocks_count(tmp_path: Path) -> None:
    assert run_page(_page(tmp_path, RIGHT), tmp_path) == 3


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        ("```text\n2", "```text\n3"),
        ("KeyError: 'b'", "KeyError: 'c'"),
        ("exits 3", "exits 0"),
        ("```text\nprint(1 + 1)", "```text\nprint(1 + 2)"),
        ("```text\n2\n```\n", ""),
        ("```python\nprint", "```pycon\nprint"),
        ("Between them, words.\n", "```text\nnot printed\n```\n"),
        ("```text\n2", "Words.\n\n```text\n2"),
    ],
)
def test_a_page_that_shows_something_else_fails(tmp_path: Path, found: str, instead: str) -> None:
    assert found in RIGHT
    with pytest.raises(AssertionError):
        run_page(_page(tmp_path, RIGHT.replace(found, instead)), tmp_path)


def test_a_comment_after_print_is_compared_where_no_text_follows(tmp_path: Path) -> None:
    assert run_page(_page(tmp_path, "```python\nprint(3)  # 3\n```\n"), tmp_path) == 1
    (tmp_path / "other").mkdir()
    with pytest.raises(AssertionError):
        run_page(_page(tmp_path, "```python\nprint(3)  # 4\n```\n"), tmp_path / "other")
