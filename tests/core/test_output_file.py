"""``--output`` of every command: a file that can't be written is one message and exit code 2."""

import pytest

from keystream._cli import main

CLEAN = "import jax\n\nx = jax.random.normal(jax.random.key(0), (3,))\n"
COMMANDS = [
    ["lint", "clean.py"],
    ["lint", "--statistics", "clean.py"],
    ["plan", "clean:nothing"],
    ["report", "run.parquet"],
    ["diff", "run.parquet", "run.parquet"],
]


@pytest.fixture(autouse=True)
def in_a_folder_with_a_program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clean.py").write_text(CLEAN)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_file_in_no_folder_is_refused_before_the_work(words, capsys):
    assert main([*words, "--output", "nowhere/x.txt"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        f"keystream {words[0]}: --output nowhere/x.txt can't be written: its directory is not there\n"
        "  fix:   name a file in a folder that is there and can be written to\n"
    )


def test_a_file_that_fails_while_it_is_written_leaves_what_was_there(tmp_path, monkeypatch, capsys):
    def full(number):
        raise OSError(28, "No space left on device")

    (tmp_path / "report.txt").write_text("before")
    monkeypatch.setattr("os.fsync", full)
    assert main(["lint", "clean.py", "--output", "report.txt"]) == 2
    assert capsys.readouterr().err == (
        "keystream lint: --output report.txt can't be written: No space left on device\n"
        "  fix:   name a file in a folder that is there and can be written to\n"
    )
    assert (tmp_path / "report.txt").read_text() == "before"


def test_a_file_that_can_be_written_holds_the_report(tmp_path, capsys):
    assert main(["lint", "clean.py", "--output", "report.txt"]) == 0
    assert capsys.readouterr().out == ""
    expected = "keystream lint: nothing found (1 file; 3 lines)\n"
    assert (tmp_path / "report.txt").read_text() == expected
