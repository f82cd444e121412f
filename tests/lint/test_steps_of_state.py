"""What is said of a state that goes on with the key which its step drew from."""

import pytest

from keystream._linter.config import Config
from keystream._linter.engine import Worker

RETURNED = """\
import jax


def step(state, x):
    noise = jax.random.normal({key}, x.shape)
    return state.replace(w=state.w + noise)
"""
OBJECT = """\
import jax


class Walk:
    def __init__(self, key, x):
        self.key, self.x = key, x

    def step(self):
        noise = jax.random.normal(self.key, self.x.shape)
        self.x = self.x + self.pull(self.x) + noise

    def pull(self, x):
        return -0.1 * x
"""


def _finding(tmp_path, text):
    (tmp_path / "file.py").write_text(text)
    (found,) = Worker(Config()).check(tmp_path / "file.py").findings
    return found


@pytest.mark.parametrize(
    ("key", "code", "message"),
    [
        (
            "state.rng",
            "KS101",
            "`state.rng` is returned for later use, and jax.random.normal() at line 5 draws from it",
        ),
        (
            "jax.random.split(state.rng)[0]",
            "KS102",
            "`state.rng` is returned for later use after it is split at line 5",
        ),
    ],
)
def test_a_record_that_is_returned_with_its_key_is_told_how_to_go_on(tmp_path, key, code, message):
    found = _finding(tmp_path, RETURNED.format(key=key))
    assert (found.code, found.severity, found.message) == (code, "warning", message)
    assert found.fix == (
        "draw from a part of it, and put the other into the record that is returned:\n"
        "rng, step_key = jax.random.split(state.rng)   # then state.replace(..., rng=rng)"
    )


def test_an_object_that_steps_with_one_key_is_told_how_to_go_on(tmp_path):
    found = _finding(tmp_path, OBJECT)
    assert (found.code, found.severity) == ("KS201", "warning")
    assert found.message == (
        "Walk.step() takes its object a step further in each call, and draws from `self.key`, "
        "which no call changes"
    )
    assert found.fix == (
        "put a new key into the object in each step:\n"
        "self.key, step_key = jax.random.split(self.key)"
    )
