"""What only a caller in another file shows of a function: its model, its mode, what is compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from keystream._linter.config import Config
from keystream._linter.engine import check

FIT = """\
import jax
from flax import nnx


def fit(model, batches):
    graph, params, rest = nnx.split(model, nnx.Param, ...)

    @jax.jit
    def step(params, rest, x):
        def loss(p):
            return nnx.merge(graph, p, rest)(x).sum()

        return jax.tree.map(lambda p, g: p - g, params, jax.grad(loss)(params))

    for x in batches:
        params = step(params, rest, x){comment}
    return params
"""
TRAIN = """\
from flax import nnx

from fit import fit


class Net(nnx.Module):
    def __init__(self, rngs):
        self.dense = nnx.Linear(3, 3, rngs=rngs)
        self.drop = nnx.Dropout({rate}, rngs=rngs)

    def __call__(self, x):
        return self.drop(self.dense(x))


def main(batches):
    return fit(Net(nnx.Rngs(0)), batches)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes the two files, and lints them."""
    monkeypatch.chdir(tmp_path)

    def write(*, comment: str = "", rate: str = "0.1", paths: tuple[str, ...] = (".",)):
        (tmp_path / "fit.py").write_text(FIT.format(comment=comment))
        (tmp_path / "train.py").write_text(TRAIN.format(rate=rate))
        return check(paths, Config(), jobs=1).findings

    return write


def places(findings):
    return [(each.code, each.locations[0].path, each.locations[0].line) for each in findings]


def test_what_the_caller_shows_is_told_in_the_function_s_own_file(project):
    assert places(project()) == [("KS201", "fit.py", 16)]


def test_a_model_that_draws_nothing_is_right(project):
    assert project(rate="0.0") == ()


def test_a_file_that_was_not_asked_for_is_not_told_of(project):
    assert project(paths=("train.py",)) == ()


def test_a_comment_on_the_line_leaves_it_out_and_is_needed(project):
    (finding,) = project(comment="  # keystream: ignore[KS201] rest holds nothing that counts")
    assert finding.suppressed == "rest holds nothing that counts"


def test_a_comment_for_something_else_is_not_needed(project):
    found = project(comment="  # keystream: ignore[KS305] no such thing")
    assert sorted(each.code for each in found) == ["KS201", "KS903"]
