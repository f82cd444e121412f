"""Which lines of a program ran: what its source shows counts only there."""

import sys

import pytest

import keystream as ks
from keystream._audit.lines import Lines

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 can't tell")

PROGRAM = """\
import time

import jax
import numpy as np


def resample(x, seed=7):
    rng = np.random.default_rng(seed)
    return x[rng.integers(0, len(x), size=len(x))]


def bootstrap(x, n):
    out = np.empty(n)
    for i in range(n):
        out[i] = resample(x).mean()
    return out


def key_of(seed):
    return jax.random.key(seed)


def seeded_by_the_clock():
    seed = int(time.time())
    return jax.random.key(seed)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "written.py").write_text(PROGRAM)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("written", None)
    import written

    yield written
    sys.modules.pop("written", None)


def codes(audited):
    return [found.code for found in audited.findings if found.severity != "note"]


def test_what_numpy_alone_does_wrong_is_told_where_it_ran(module):
    with ks.audit() as audited:
        module.bootstrap(module.np.arange(9.0), 3)
    assert codes(audited) == ["KS504"]


def test_what_stands_in_the_source_and_did_not_run_is_not(module):
    with ks.audit() as audited:
        module.jax.random.normal(module.key_of(3))
    assert codes(audited) == []


def test_a_second_audit_of_one_process_sees_the_lines_anew(module):
    for _ in range(2):
        with ks.audit() as audited:
            module.jax.random.normal(module.seeded_by_the_clock())
        assert codes(audited) == ["KS502"]


def test_nothing_is_watched_after_the_audit(module):
    with ks.audit():
        module.key_of(1)
    assert sys.monitoring.get_tool(4) is None
    assert sys.monitoring.get_tool(3) is None


def test_where_all_numbers_are_taken_nothing_is_known():
    for tool in (3, 4):
        sys.monitoring.use_tool_id(tool, "another")
    try:
        lines = Lines()
        lines.start()
        lines.close()
        assert lines.ran is None
    finally:
        for tool in (3, 4):
            sys.monitoring.free_tool_id(tool)
