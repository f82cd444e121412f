"""What is looked up by a position is no proof of a mistake: at most a warning."""

import pytest

from keystream._linter.config import Config
from keystream._linter.engine import Worker

PATH = """\
import jax
import jax.numpy as jnp


def path_at(key, t, depth=10):
    def halve(carry, _):
        key, low, high, below, above = carry
        key, sub = jax.random.split(key)
        middle = (low + high) / 2
        at = (below + above) / 2 + jnp.sqrt((high - low) / 4) * jax.random.normal(sub)
        {picked}
        left = t < middle
        ends = jnp.where(left, low, middle), jnp.where(left, middle, high)
        return (key, *ends, jnp.where(left, below, at), jnp.where(left, at, above)), None

    end_key, key = jax.random.split(key)
    end = jax.random.normal(end_key)
    (_, low, high, below, above), _ = jax.lax.scan(halve, (key, 0.0, 1.0, 0.0, end), None, length=depth)
    return below + (t - low) / (high - low) * (above - below)


"""
BY_POSITION = PATH.format(picked="key = jax.random.fold_in(key, t < middle)")
BY_NOTHING = PATH.format(picked="key = jax.random.fold_in(key, 1)")
LOOPS = {
    "scan": """\
def solve(key, y, dt):
    def step(carry, t):
        y, before = carry
        now = path_at(key, t + dt)
        return (y - y * dt + 0.4 * (now - before), now), y

    return jax.lax.scan(step, (y, 0.0), jnp.arange(0.0, 1.0, 0.125))
""",
    "for": """\
def solve(key, y, n):
    before = 0.0
    for i in range(n):
        now = path_at(key, (i + 1) / n)
        y = y - y / n + 0.4 * (now - before)
        before = now
    return y
""",
}
FIELD = """\
import jax


def field(key, x):
    corner, scale = x // 4, jax.random.uniform(key)
    low = jax.random.normal(jax.random.fold_in(key, {datum}))
    return scale * low


def terrain(key, places):
    heights = []
    for i, place in enumerate(places):
        heights.append(field(key, {given}))
    return sum(heights)
"""


def _severities(tmp_path, text):
    (tmp_path / "file.py").write_text(text)
    found = Worker(Config()).check(tmp_path / "file.py").findings
    return {each.severity for each in found if each.code in ("KS201", "KS203")}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_a_path_that_is_halved_around_a_time_is_a_warning(tmp_path, loop):
    assert _severities(tmp_path, BY_POSITION + loop) == {"warning"}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_a_path_whose_keys_no_time_picks_is_an_error(tmp_path, loop):
    assert _severities(tmp_path, BY_NOTHING + loop) == {"error"}


def test_a_field_that_rounds_a_place_is_a_warning(tmp_path):
    text = FIELD.format(datum="int(corner)", given="place")
    assert _severities(tmp_path, text) == {"warning"}


def test_a_key_beside_one_that_a_counter_parts_is_an_error(tmp_path):
    assert _severities(tmp_path, FIELD.format(datum="x", given="i")) == {"error"}
