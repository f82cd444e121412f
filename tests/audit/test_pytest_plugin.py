"""``pytest --keystream`` audits each test."""

import os
import subprocess
import sys

TESTS = """
import jax
import pytest


def test_reuses_a_key():
    key = jax.random.key(0)
    assert jax.random.normal(key) != jax.random.uniform(key)


@pytest.mark.keystream(allow=["key-reused"])
def test_means_to():
    key = jax.random.key(0)
    assert jax.random.normal(key) != jax.random.uniform(key)


@pytest.mark.keystream(audit=False)
def test_is_left_alone():
    key = jax.random.key(0)
    assert jax.random.normal(key) != jax.random.uniform(key)


def test_is_correct():
    first, second = jax.random.split(jax.random.key(0))
    assert jax.random.normal(first) != jax.random.uniform(second)
"""


def run(tmp_path, *options):
    (tmp_path / "test_models.py").write_text(TESTS)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options],
        cwd=tmp_path,
        env={**os.environ, "JAX_PLATFORMS": "cpu", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )


def test_a_mistake_fails_its_test_and_a_mark_allows_it(tmp_path):
    done = run(tmp_path, "--keystream")
    assert "1 failed, 3 passed" in done.stdout, done.stdout + done.stderr
    assert "KS101" in done.stdout
    assert "FAILED test_models.py::test_reuses_a_key" in done.stdout


def test_without_the_option_nothing_is_audited(tmp_path):
    assert "4 passed" in run(tmp_path).stdout
