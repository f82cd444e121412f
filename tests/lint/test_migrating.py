"""From keys threaded by hand to named streams: the rewritten program runs, and each key is its own."""

import ast
import subprocess
import sys
import textwrap

import pytest

from keystream._cli import main
from keystream._lint.source import Source, parse
from keystream._linter.editing import apply
from keystream._linter.migrating import migrations

LINEN = """\
import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        return nn.Dropout(0.5, deterministic=not train)(nn.Dense(4)(x))


def train(batches):
    key = jax.random.key(0)  # the seed
    key, params_key, data_key = jax.random.split(key, 3)
    model = Net()
    variables = model.init(params_key, batches[0], train=False)
    x = jax.random.normal(data_key, batches[0].shape)
    masks = []
    for batch in batches:
        # a mask for each step
        key, dropout_key = jax.random.split(key)
        y = model.apply(variables, batch + x, train=True, rngs={"dropout": dropout_key})
        masks.append(tuple((y != 0).ravel().tolist()))
    return masks


print(len(set(train([jnp.ones((8, 4))] * 5))))
"""


def _migrated(text):
    tree = parse(Source("train.py", text))
    found = migrations(text, tree)
    return apply(text, [edit for migration in found for edit in migration.edits]), found


def test_a_training_loop_is_rewritten_with_its_comments():
    after, (migration,) = _migrated(LINEN)
    assert migration.streams == ["params", "data", "dropout"]
    assert (
        textwrap.dedent(
            """\
        def train(batches):
            streams = ks.Streams(0, "params", "data", "dropout")  # the seed
            params_key = streams.key("params", 0)
            data_key = streams.key("data", 0)
        """
        )
        in after
    )
    assert (
        "    for step, batch in enumerate(batches):\n"
        "        # a mask for each step\n"
        '        dropout_key = streams.key("dropout", step)\n'
    ) in after
    assert "import jax.numpy as jnp\nimport keystream as ks\n" in after


def test_the_rewritten_program_runs_with_a_mask_of_its_own_each_step(tmp_path):
    after, _ = _migrated(LINEN)
    path = tmp_path / "train.py"
    path.write_text(after)
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)
    assert done.stdout == "5\n", done.stderr


def test_rewriting_again_does_nothing():
    after, _ = _migrated(LINEN)
    assert _migrated(after)[0] == after


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        ("for i in range(10):", 'for i in range(10):\n    k = streams.key("k", i)'),
        ("for _ in range(10):", 'for step in range(10):\n    k = streams.key("k", step)'),
        ("for i, x in enumerate(xs):", 'for i, x in enumerate(xs):\n    k = streams.key("k", i)'),
        ("for x, y in xs:", 'for step, (x, y) in enumerate(xs):\n    k = streams.key("k", step)'),
    ],
)
def test_every_form_of_loop_gets_a_step(loop, expected):
    made = "import jax\nkey = jax.random.PRNGKey(7)\n"
    text = f"{made}{loop}\n    key, k = jax.random.split(key)\n    print(k)\n"
    after, _ = _migrated(text)
    ast.parse(after)
    assert expected in after
    assert 'streams = ks.Streams(7, "k")' in after


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "x = jax.random.normal(key)",
            "it is never split in the form `key, a, b = jax.random.split(key, 3)`",
        ),
        ("key, k = jax.random.split(key)\nf(key)", "it is used for something else at line 4"),
        (
            "for i in xs:\n    for j in xs:\n        key, k = jax.random.split(key)",
            "the split at line 5 stands in nested loops or in a `while`",
        ),
    ],
)
def test_what_is_not_of_the_common_form_is_left_and_said(body, reason):
    text = f"import jax\nkey = jax.random.key(0)\n{body}\n"
    after, (migration,) = _migrated(text)
    assert after == text
    assert migration.reason == reason


def test_the_command_shows_a_diff_and_writes_only_when_asked(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.py"
    path.write_text(
        "import jax\nkey = jax.random.key(0)\nkey, k = jax.random.split(key)\nprint(k)\n"
    )
    before = path.read_text()
    assert main(["migrate", "train.py"]) == 1
    assert capsys.readouterr().out == (
        "--- a/train.py\n+++ b/train.py\n@@ -1,4 +1,5 @@\n import jax\n"
        "-key = jax.random.key(0)\n-key, k = jax.random.split(key)\n"
        '+import keystream as ks\n+streams = ks.Streams(0, "k")\n+k = streams.key("k", 0)\n print(k)\n'
    )
    assert path.read_text() == before
    assert main(["migrate", "--write", "train.py"]) == 1
    assert main(["migrate", "train.py"]) == 0
