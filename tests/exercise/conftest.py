"""What the tests of the exercise share: solutions on disk, and what comes through a pipe."""

import io
import sys

import pytest


@pytest.fixture
def solution(tmp_path):
    """Write a solution, and return its path."""

    def solution(source):
        path = tmp_path / "solution.py"
        path.write_text(source, encoding="utf-8")
        return path

    return solution


@pytest.fixture
def standard_input(monkeypatch):
    def standard_input(content):
        file = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", file)

    return standard_input
