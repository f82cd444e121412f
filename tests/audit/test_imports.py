"""The program imports JAX, not the audit before it: what importing does is done at its own time."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import keystream as ks
from keystream._audit.run import run_script

SEEDED = """\
import numpy as np
np.random.seed(0)
import jax
print(np.random.rand(3).tolist())
"""
CONFIGURED = """\
import os, sys
assert "jax" not in sys.modules
os.environ["JAX_ENABLE_X64"] = "1"
import jax.numpy as jnp
print(jnp.zeros(1).dtype)
"""
FLAX_FIRST = """\
import flax.linen as nn
import numpy as np
import jax

class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dropout(0.5, deterministic=False)(nn.Dense(3)(x))

print(sorted(Net().init(jax.random.key(0), np.ones((2, 2), np.float32))))
"""
REFUSING = """\
import wrapt
from keystream._cli import main
from keystream.errors import UntestedJaxError

def refuse(observer):
    raise UntestedJaxError("The audit can't look into JAX 99.", why="it differs", fix="pip install jax")

wrapt.register_post_import_hook(
    lambda door: setattr(door, "open_door", refuse), "keystream._jax_door"
)
raise SystemExit(main(["audit", "train.py"]))
"""


def python(*words, cwd):
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "JAX_PLATFORMS": "cpu", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )


PLAN_FIRST = """\
import keystream as ks
print(ks.plan(lambda key: key, 1))
"""


@pytest.mark.parametrize(
    "source",
    [SEEDED, CONFIGURED, PLAN_FIRST],
    ids=["NumPy's seed", "the environment", "JAX by way of a plan"],
)
def test_what_is_set_before_jax_is_imported_holds_under_the_audit(tmp_path, source):
    (tmp_path / "train.py").write_text(source)
    plain = python("train.py", cwd=tmp_path)
    audited = python("-m", "keystream", "audit", "--output", "report", "train.py", cwd=tmp_path)
    assert plain.returncode == 0, plain.stderr
    assert audited.stdout == plain.stdout
    assert audited.stderr == "keystream audit: the report is in report\n"


def test_the_block_of_an_audit_imports_jax_itself(tmp_path):
    inner = "".join(f"    {line}\n" for line in SEEDED.splitlines())
    block = (
        f"import keystream as ks\nwith ks.audit() as audit:\n{inner}"
        "    jax.random.normal(jax.random.key(0))\n"
        "assert audit.report.summary['draws'] == 1\n"
    )
    (tmp_path / "plain.py").write_text(SEEDED)
    (tmp_path / "audited.py").write_text(block)
    plain, audited = (python(name, cwd=tmp_path) for name in ("plain.py", "audited.py"))
    assert (audited.stdout, audited.stderr) == (plain.stdout, "")


def test_a_test_under_pytest_imports_jax_itself(tmp_path):
    inner = "".join(f"    {line}\n" for line in SEEDED.splitlines())
    (tmp_path / "test_it.py").write_text(f"def test_it():\n{inner}")
    plain, audited = (
        python("-m", "pytest", "-q", "-s", *options, cwd=tmp_path)
        for options in ([], ["--keystream"])
    )
    assert "1 passed" in audited.stdout, audited.stdout
    assert audited.stdout.splitlines()[0] == plain.stdout.splitlines()[0]


def test_a_program_without_jax_gets_none(tmp_path):
    (tmp_path / "train.py").write_text("import sys\nprint('jax' in sys.modules)\n")
    done = python("-m", "keystream", "audit", "train.py", cwd=tmp_path)
    assert done.stdout.startswith("False\n"), done.stderr
    assert done.returncode == 0


def test_a_framework_that_is_imported_before_jax_is_observed(tmp_path):
    (tmp_path / "train.py").write_text(FLAX_FIRST)
    done = python("-m", "keystream", "audit", "train.py", cwd=tmp_path)
    assert "KS404" in done.stdout or "KS401" in done.stdout, done.stdout + done.stderr


def test_a_jax_that_is_not_known_ends_the_audit_with_one_message(tmp_path):
    (tmp_path / "train.py").write_text("print('begins')\nimport jax\nprint('goes on')\n")
    (tmp_path / "refusing.py").write_text(REFUSING)
    done = python("refusing.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "begins\n")
    assert done.stderr.startswith("keystream audit: The audit can't look into JAX 99.\n")
    assert "Traceback" not in done.stderr
    assert "KS011" in done.stderr


def test_a_jax_that_is_not_known_is_refused_before_a_block_begins(monkeypatch):
    def refuse(observer):
        raise ks.errors.UntestedJaxError("not this one", why="it differs", fix="another")

    monkeypatch.setattr("keystream._jax_door.open_door", refuse)
    with pytest.raises(ks.errors.UntestedJaxError), ks.audit():
        pytest.fail("the block began")


def test_what_is_restored_is_seen_though_the_library_was_imported_before(monkeypatch):
    importlib.import_module("flax.nnx")
    program = Path(__file__).with_name("programs") / "clean_said_in_comments.py"
    monkeypatch.chdir(program.parent)
    with ks.audit() as audited:
        run_script(str(program), [])
    assert {found.severity for found in audited.findings} <= {"note"}
