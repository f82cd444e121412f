"""Repairs: the finding is gone, nothing else has changed, and doing it again does nothing."""

import ast
import json
import shutil
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from keystream._cli import main
from keystream._lint.source import Source
from keystream._linter.config import Config
from keystream._linter.engine import Worker
from keystream._linter.fixing import fix
from keystream._linter.trying import Trial, judge

CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))


def _fixed(tmp_path, text, *, unsafe=True):
    path = tmp_path / "train.py"
    path.write_text(textwrap.dedent(text))
    fixed = fix(path, Config(), unsafe=unsafe)
    return None if fixed is None else fixed.after


def test_the_earlier_draw_gets_a_key_of_its_own_and_comments_stay(tmp_path):
    after = _fixed(
        tmp_path,
        """\
        import jax

        def draw(key):
            # the first
            x = jax.random.normal(key, (3,))  # noise
            return x + jax.random.uniform(
                key,  # the same
                (3,),
            )
        """,
    )
    assert after == textwrap.dedent(
        """\
        import jax

        def draw(key):
            # the first
            key, x_key = jax.random.split(key)
            x = jax.random.normal(x_key, (3,))  # noise
            return x + jax.random.uniform(
                key,  # the same
                (3,),
            )
        """
    )


def test_a_loop_splits_a_key_in_each_turn(tmp_path):
    after = _fixed(
        tmp_path,
        """\
        from jax import random as jr

        def noise(key, n):
            total = 0.0
            for i in range(n):
                # add it up
                total += jr.normal(key)
            return total
        """,
    )
    assert "        key, step_key = jr.split(key)\n        total += jr.normal(step_key)\n" in after
    assert "# add it up" in after


def test_a_comprehension_goes_over_split_keys(tmp_path):
    after = _fixed(
        tmp_path,
        """\
        import equinox as eqx
        import jax

        def layers(key, n):
            return [eqx.nn.Linear(4, 4, key=key) for _ in range(n)]
        """,
    )
    assert "[eqx.nn.Linear(4, 4, key=key) for key in jax.random.split(key, n)]" in after


SAFE = {
    "flax.apply": (
        "import flax.linen as nn\n\ndef run(model, v, x, key):\n    return model.apply(v, x, "
        "rng={'dropout': key})\n",
        "import flax.linen as nn\n\ndef run(model, v, x, key):\n    return model.apply(v, x, "
        "rngs={'dropout': key})\n",
    ),
    "split": (
        "import jax\n\ndef f(key):\n    jax.random.split(key)\n    return 1\n",
        "import jax\n\ndef f(key):\n    return 1\n",
    ),
    "lonely split": (
        "import jax\n\ndef f(key):\n    jax.random.split(key)  # why\n",
        "import jax\n\ndef f(key):\n    pass  # why\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), SAFE.values(), ids=SAFE)
def test_safe_repairs_are_made_without_asking(tmp_path, before, after):
    assert _fixed(tmp_path, before, unsafe=False) == after


@pytest.mark.parametrize(
    "text",
    [
        "import jax\n\ndef f(key):\n    return jax.random.normal(key) + jax.random.uniform(key)\n",
        "import jax\nkey = jax.random.PRNGKey(0)\n",
        "import flax.linen as nn\nlayer = nn.Dropout(50)\n",
    ],
)
def test_what_changes_bits_is_left_alone_unless_asked_for(tmp_path, text):
    assert _fixed(tmp_path, text, unsafe=False) is None


@pytest.mark.parametrize(
    "path",
    [
        # the longest of them by far, and each of its repairs is tried alone
        pytest.param(path, marks=pytest.mark.exhaustive if path.stem == "excuses" else ())
        for path in CASES
    ],
    ids=[path.stem for path in CASES],
)
def test_a_repaired_file_parses_has_fewer_findings_and_stays_as_it_is(tmp_path, path):
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    before = Worker(Config()).check(copy).findings
    fixed = fix(copy, Config(), unsafe=True)
    if fixed is None:
        return
    ast.parse(fixed.after)
    touched = sum(len(repair.edits) for repair in fixed.repairs)
    changed = [line for line in fixed.diff().splitlines() if line[:1] == "-" and line[:3] != "---"]
    assert len(changed) <= touched  # other lines are as they were
    copy.write_text(fixed.after)
    after = Worker(Config()).check(copy).findings
    assert len(after) <= len(before) - len({repair.code for repair in fixed.repairs})
    assert fix(copy, Config(), unsafe=True) is None


def test_the_command_repairs_and_reports_what_is_left(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(
        "import jax\n\n\ndef f(key):\n    x = jax.random.normal(key)\n    return x + "
        "jax.random.uniform(key)\n"
    )
    assert main(["lint", "--fix"]) == 1
    capsys.readouterr()
    assert main(["lint", "--unsafe-fixes"]) == 0
    printed = capsys.readouterr()
    assert printed.err == "1 repair made\n"
    assert printed.out == "keystream lint: nothing found (1 file; 7 lines)\n"
    assert main(["lint", "--unsafe-fixes"]) == 0


def test_a_diff_changes_no_file(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "import jax\r\n\r\n\r\ndef f(key):\r\n    jax.random.split(key)\r\n    return 1\r\n"
    (tmp_path / "train.py").write_bytes(text.encode())
    assert main(["lint", "--fix", "--diff"]) == 1
    assert capsys.readouterr().out == (
        "--- a/train.py\n+++ b/train.py\n@@ -2,5 +2,4 @@\n \n \n def f(key):\n"
        "-    jax.random.split(key)\n     return 1\n"
    )
    assert (tmp_path / "train.py").read_bytes() == text.encode()


def test_line_ends_and_byte_order_marks_stay(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.py"
    path.write_bytes(
        b"\xef\xbb\xbfimport jax\r\n\r\n\r\ndef f(key):\r\n    jax.random.split(key)\r\n    return 1\r\n"
    )
    assert main(["lint", "--fix"]) == 0
    assert path.read_bytes() == b"\xef\xbb\xbfimport jax\r\n\r\n\r\ndef f(key):\r\n    return 1\r\n"


def test_a_suppressed_finding_is_not_repaired(tmp_path):
    text = """\
    import jax

    def f(key):
        jax.random.split(key)  # keystream: ignore[KS107]
        return 1
    """
    assert _fixed(tmp_path, text) is None


def test_all_uses_of_a_key_are_repaired_at_once(tmp_path):
    after = _fixed(
        tmp_path,
        """\
        import jax

        def f(key):
            a = jax.random.normal(key)
            b = jax.random.uniform(key)
            return a, b, jax.random.bits(key)
        """,
    )
    assert after == textwrap.dedent(
        """\
        import jax

        def f(key):
            key, a_key = jax.random.split(key)
            a = jax.random.normal(a_key)
            key, b_key = jax.random.split(key)
            b = jax.random.uniform(b_key)
            return a, b, jax.random.bits(key)
        """
    )


def test_uses_in_one_statement_are_repaired_with_one_split(tmp_path):
    after = _fixed(
        tmp_path,
        """\
        import jax

        def f(key):
            return jax.random.normal(key) + jax.random.uniform(key) + jax.random.bits(key)
        """,
    )
    assert "    key, subkey, subkey_2 = jax.random.split(key, 3)\n" in after
    assert (
        "jax.random.normal(subkey) + jax.random.uniform(subkey_2) + jax.random.bits(key)" in after
    )


HELD = """\
import jax


class Net:
    def __init__(self, key):
        self.key = key

    def draw(self):
        x = jax.random.normal(self.key)
        return x + jax.random.uniform(self.key)
"""


def test_a_finding_says_whether_a_repair_exists(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reused = (
        "\n\ndef f(key):\n    x = jax.random.normal(key)\n    return x + jax.random.bits(key)\n"
    )
    (tmp_path / "train.py").write_text(HELD + reused)
    assert main(["lint", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [each["repair"] for each in found] == [
        "none: its key is not given by a plain name of one variable",
        "--unsafe-fixes: Split a key off for line 14",
    ]
    main(["lint"])
    assert "  repair: --unsafe-fixes: Split a key off for line 14\n" in capsys.readouterr().out


def test_a_repair_that_could_not_be_made_says_why(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(HELD)
    assert main(["lint", "--unsafe-fixes"]) == 1
    assert capsys.readouterr().err == (
        "train.py:10: KS101 is not repaired: its key is not given by a plain name of one variable\n"
    )


def test_a_use_in_a_loop_that_an_earlier_use_hid_is_repaired_with_it(tmp_path):
    after = _fixed(
        tmp_path,
        """\
        import jax

        key = jax.random.key(0)
        w = jax.random.normal(key, (3,))
        for i in range(3):
            w = w * jax.random.bernoulli(key, 0.5, w.shape)
        """,
    )
    assert after == textwrap.dedent(
        """\
        import jax

        key = jax.random.key(0)
        key, w_key = jax.random.split(key)
        w = jax.random.normal(w_key, (3,))
        for i in range(3):
            key, step_key = jax.random.split(key)
            w = w * jax.random.bernoulli(step_key, 0.5, w.shape)
        """
    )


INVERTED = """\
import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train=True):
        return nn.Dropout(0.5, deterministic=train)(nn.Dense(3)(x))


net = Net()
key = jax.random.key(0)
params = net.init(key, jnp.ones((1, 3)))
for i in range(3):
    y = net.apply(params, jnp.ones((2, 3)), train=True, rngs={"dropout": key})
"""


def test_a_flag_is_negated_though_draws_that_it_had_off_have_mistakes_of_their_own(tmp_path):
    assert "deterministic=not train" in _fixed(tmp_path, INVERTED)


def test_a_flag_that_compares_a_mode_is_compared_the_other_way(tmp_path):
    inverted = INVERTED.replace("train=True", 'mode="train"').replace(
        "=train)", '=mode == "train")'
    )
    assert "deterministic=mode != 'train'" in _fixed(tmp_path, inverted)


def test_a_key_that_another_line_makes_anew_is_not_repaired_and_that_line_is_named(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(
        "import jax\nkey = jax.random.key(0)\nx = jax.random.normal(key)\n"
        "y = jax.random.bits(key)\nz = jax.random.normal(jax.random.key(0))\n"
    )
    assert main(["lint", "--unsafe-fixes"]) == 1
    assert (
        "train.py:4: KS101 is not repaired: line 5 draws from the same key too, "
        "not by the name `key`\n"
    ) in capsys.readouterr().err


def test_a_repair_that_is_refused_names_the_finding_that_would_stay(tmp_path):
    path = tmp_path / "train.py"
    text = "import jax\n\n\ndef f(key):\n    return jax.random.normal(key) + jax.random.bits(key)\n"
    worker = Worker(Config())
    before = judge(worker, Source(str(path), text), path)
    assert before is not None
    (repair,) = before.open_repairs()
    useless = replace(repair, edits=())
    assert Trial(worker, path, before, unsafe=False).run(useless) == "KS101 at line 5 would stay"
