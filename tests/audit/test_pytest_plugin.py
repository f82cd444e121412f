"""``pytest --keystream`` audits each test."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

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


def run(tmp_path, *options, tests=TESTS):
    (tmp_path / "test_models.py").write_text(tests)
    pytest = Path(sysconfig.get_path("scripts"), "pytest")
    return subprocess.run(
        [sys.executable, str(pytest), "-q", *options],
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
    assert "bin/pytest" not in done.stdout  # what starts pytest is no part of the test


MARKS = """
import pytest


@pytest.mark.keystream(allow=["key-reusd"])
def test_of_a_misspelt_mistake():
    pass


@pytest.mark.keystream(audits=False)
def test_of_a_misspelt_option():
    pass


@pytest.mark.keystream("KS101")
def test_of_a_code_without_a_name():
    pass
"""


def test_a_mark_that_is_not_understood_fails_its_test_in_two_lines(tmp_path):
    done = run(tmp_path, "--keystream", tests=MARKS)
    assert "3 failed" in done.stdout, done.stdout + done.stderr
    for what, fix in [
        (
            "allows 'key-reusd', which is no code or mistake",
            "did you mean 'key-reused'? Otherwise list every code: keystream rule",
        ),
        ("has no option 'audits'", "did you mean 'audit'? Otherwise it takes allow and audit"),
        ("is given 'KS101' without a name", "write allow=['KS101']"),
    ]:
        assert f"\nthe mark keystream {what}\n  fix:   {fix}\n" in done.stdout
    assert "_pytest_plugin.py" not in done.stdout
    assert "3 passed" in run(tmp_path, tests=MARKS).stdout


def test_without_the_option_nothing_is_audited(tmp_path):
    assert "4 passed" in run(tmp_path).stdout
