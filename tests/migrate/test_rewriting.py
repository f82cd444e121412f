"""From keys threaded by hand to named streams: what is written, what is left, and what is said of it."""

import ast
import json
import os
import re
import textwrap
from pathlib import Path

import pytest

from keystream._cli import main
from keystream._lint.source import Source, parse
from keystream._linter.editing import apply
from keystream._migrate.rewriting import migrations

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
    ("loops", "expected"),
    [
        (
            "for epoch in range(E):\n    for i in range(n):\n        {}",
            'for epoch in range(E):\n    for i in range(n):\n        k = streams.key("k", epoch * n + i)',
        ),
        (  # n is not the same in all epochs
            "for epoch in range(E):\n    n = size(epoch)\n    for i in range(n):\n        {}",
            "step = 0\nfor epoch in range(E):\n    n = size(epoch)\n    for i in range(n):\n"
            '        k = streams.key("k", step)\n        step += 1',
        ),
        (
            "for epoch in range(E):\n    for x in xs:  # all\n        {}\n        print(x)  # one",
            "step = 0\nfor epoch in range(E):\n    for x in xs:  # all\n"
            '        k = streams.key("k", step)\n        print(x)  # one\n        step += 1',
        ),
        (  # a turn that is cut short counts
            "for x in xs:\n    for y in ys:\n        {}\n        if y:\n            continue",
            "step = 0\nfor x in xs:\n    for y in ys:\n        step += 1\n"
            '        k = streams.key("k", step)\n        if y:\n            continue',
        ),
        (  # the program counts already
            "seen = 0\nfor x in xs:\n    for y in ys:\n        {}\n        seen += 1",
            'seen = 0\nfor x in xs:\n    for y in ys:\n        k = streams.key("k", seen)\n        seen += 1',
        ),
        (
            "while busy():\n    {}",
            'step = 0\nwhile busy():\n    k = streams.key("k", step)\n    step += 1',
        ),
        (
            "for seed in seeds:\n    {}",
            'for step, seed in enumerate(seeds):\n    k = streams.key("k", step)',
        ),
    ],
)
def test_nested_loops_and_while_are_counted_through(loops, expected):
    text = "import jax\nkey = jax.random.key(0)\n" + loops.format("key, k = jax.random.split(key)")
    after, _ = _migrated(text + "\n")
    ast.parse(after)
    assert (
        after == f'import jax\nimport keystream as ks\nstreams = ks.Streams(0, "k")\n{expected}\n'
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("for i in range(9):\n    f(jax.random.fold_in(key, i))", 'f(streams.key("f", i))'),
        (
            "for _ in range(9):\n    f(rngs={'dropout': key})",
            "f(rngs={'dropout': streams.key(\"dropout\", step)})",
        ),
        ("for x in xs: key, k = jax.random.split(key); f(k)", 'k = streams.key("f", step); f(k)'),
        ("key, *ks_ = jax.random.split(key, 4)\nf(ks_)", 'ks_ = streams.keys("f", 0, 3)'),
        ("keys = jax.random.split(key, n)\nf(keys)", 'keys = streams.keys("f", 0, n)'),
        ("key, drop_rng = jax.random.split(key)\ndel key", 'drop_rng = streams.key("drop", 0)\n'),
        (  # a child that becomes a batch is the program's own
            "key, k = jax.random.split(key)\nk = jax.vmap(g)(k)\nf(k)",
            'k = streams.key("g", 0)\nk = jax.vmap(g)(k)',
        ),
        (  # not by what becomes of the result
            "key, k = jax.random.split(key)\nstate = train(state, k)\nf({'params': state})",
            'k = streams.key("train", 0)',
        ),
        (
            "key, k = jax.random.split(key)\nstate = make(3).init(k, x)",
            'k = streams.key("params", 0)',
        ),
        (
            "key, sub = jax.random.split(key)\nx = jax.random.normal(sub)",
            'sub = streams.key("normal", 0)',
        ),
    ],
)
def test_each_use_of_a_key_gets_a_name_of_its_own(body, expected):
    after, _ = _migrated(f"import jax\nkey = jax.random.key(0)\n{body}\n")
    ast.parse(after)
    assert expected in after
    assert "split" not in after


def test_the_example_of_the_readme_is_rewritten():
    page = (Path(__file__).parents[2] / "README.md").read_text()
    text = page.partition('title="train.py"\n')[2].partition("```")[0]
    after, _ = _migrated(text)
    assert 'streams, w = ks.Streams(0, "bernoulli"), ' in after
    assert re.search(r'for (\w+) in range\(\d+\):\n.*streams\.key\("bernoulli", \1\)', after)
    assert "random.key(" not in after


NNX = """\
from flax import nnx
import keystream as ks
class Net(nnx.Module):
    def __init__(self, rngs):
        self.drop = nnx.Dropout(0.5, rngs=rngs)
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (  # the steps of two loops would meet
            "net = Net(nnx.Rngs(0))\nfor i in range(3):\n    net(x)\n"
            "    for j in range(2):\n        net(x)\n",
            'streams = ks.Streams(0, "params", "dropout")\nstep = 0\n'
            "net = Net(ks.nnx.init_rngs(streams))\nfor i in range(3):\n"
            "    ks.nnx.reseed(net, streams, step)\n    step += 1\n    net(x)\n"
            "    for j in range(2):\n        ks.nnx.reseed(net, streams, step)\n        step += 1\n"
            "        net(x)\n",
        ),
        (  # after an inner loop its last keys count on
            "net = Net(nnx.Rngs(0))\nfor i in range(3):\n"
            "    for j in range(2):\n        net(x)\n    net(x)\n",
            'streams = ks.Streams(0, "params", "dropout")\n'
            "net = Net(ks.nnx.init_rngs(streams))\nfor i in range(3):\n"
            "    for j in range(2):\n        ks.nnx.reseed(net, streams, i * 2 + j)\n"
            "        net(x)\n    net(x)\n",
        ),
        (  # two models of one loop are told apart by their places
            "rngs = nnx.Rngs(0)\na, b = Net(rngs), Net(rngs)\nfor i in range(3):\n    a(b(x))\n",
            'streams = ks.Streams(0, "params", "dropout")\nrngs = ks.nnx.init_rngs(streams)\n'
            "a, b = Net(rngs), Net(rngs)\nfor i in range(3):\n"
            "    ks.nnx.reseed([a, b], streams, i)\n    a(b(x))\n",
        ),
        (  # given to two calls of one turn, it counts on from one to the other
            "rngs, n = nnx.Rngs(0), 2\nfor i in range(3):\n    f(rngs)\n    g(rngs)\n",
            'streams = ks.Streams(0, "params", "dropout")\nrngs, n = ks.nnx.init_rngs(streams), 2\n'
            "for i in range(3):\n    step_rngs = ks.nnx.rngs(streams, i)\n"
            "    f(step_rngs)\n    g(step_rngs)\n",
        ),
    ],
)
def test_no_two_turns_of_the_loops_around_a_model_share_a_step(body, expected):
    after, found = _migrated(NNX + body)
    assert not [one.reason for one in found if one.reason]
    assert after == NNX + expected


def test_rngs_that_no_loop_draws_with_are_left_and_said():
    text = f"{NNX}def make():\n    net = Net(nnx.Rngs(0))\n    fit(net)\n"
    after, (migration,) = _migrated(text)
    assert after == text
    assert (migration.line, migration.reason) == (
        7,
        "no loop of `make` draws with what this `nnx.Rngs` makes; where one does, "
        "begin its turns with ks.nnx.reseed(model, streams, step)",
    )


@pytest.mark.parametrize(
    ("body", "line", "reason"),
    [
        ("x = jax.random.normal(key)", 2, "'key' is neither split nor used in a loop"),
        (
            "key, k = jax.random.split(key)\nassert key[0]",
            4,
            "a part of 'key' is taken here; take it of a key that is split off",
        ),
        (
            "key, k = jax.random.split(key)\nprint(key.shape)",
            4,
            "`key.shape` is read here; read it of a key that is split off",
        ),
        (
            "key, k = jax.random.split(key)\nd.key = [key]",
            4,
            "'key' is put into `d.key` here; split a key off for that",
        ),
        (
            "def f(x, key=None):\n    for _ in x:\n        if key is not None:\n"
            "            key, k = jax.random.split(key)\n",
            5,
            "'key' may be None here; put what needs the key into a function that is always given one",
        ),
        (
            "def f(x):\n    key = jax.random.key(0)\n    for _ in x:\n"
            "        key, k = jax.random.split(key)\n    return k, key",
            7,
            "`f` gives 'key' back here; split a key off for the caller",
        ),
        (
            "def f():\n    global key\n    key, k = jax.random.split(key)\n    return k",
            5,
            "`f` moves 'key' on with `global`, and how often can't be told; "
            "give it a key as an argument",
        ),
        (
            "key, k = jax.random.split(key)\nkey = load(path)",
            4,
            "'key' is bound to what `load` returns here; where that is a saved key, "
            "save the step in its place, else give it a name of its own",
        ),
        (
            'ts = {}\nts["rng"], k = jax.random.split(ts["rng"])',
            4,
            '`ts["rng"]` is kept in a container, where any code may split it; '
            "keep the step there instead, and make its keys with streams.key(name, step)",
        ),
        (
            "for x in xs:\n    x, key = other.step(x, key)",
            4,
            "`other.step` gives 'key' back here; "
            "give it a key for itself, and drop the one that it returns",
        ),
        (
            "key, k = jax.random.split(key)\nkey = jax.random.key(1)",
            4,
            "'key' is bound to another key here; give that a name of its own",
        ),
        (
            "key, k = jax.random.split(key)\ndef f(): return jax.random.normal(key)",
            4,
            "`f` reads 'key' from outside; give it the key as an argument",
        ),
        (
            "key, k = jax.random.split(key)\nys = [f(x, key) for x in xs]",
            4,
            "a comprehension uses 'key' for each of its elements; split it before, one key for each",
        ),
        (
            "(x, key), _ = jax.lax.scan(body, (x, key), xs)",
            3,
            "the body of this `scan` is no function of this file; "
            "split the key before it, and give it the keys to go through",
        ),
        (
            "def f(x, key):\n    key, k = jax.random.split(key)\n    return x, key\n"
            "for x in xs:\n    x, key = f(x, key)\nys = map(f, xs)",
            8,
            "`f`, which gives its key back, is handed on here; "
            "call it by its name, or return no key from it",
        ),
        (
            "def f(x, key):\n    key, k = jax.random.split(key)\n    return x, key\n"
            "x, key = f(x, key)\ny = f(x, other)",
            7,
            "`f` is given a key here that can't be followed",
        ),
    ],
)
def test_what_can_not_be_followed_is_left_whole_and_said_with_its_line(body, line, reason):
    text = f"import jax\nkey = jax.random.key(0)\n{body}\n"
    after, found = _migrated(text)
    assert after == text
    assert (line, reason) in [(one.line, one.reason) for one in found]


def test_a_function_that_is_compiled_under_its_own_name_gives_no_key_back():
    after, _ = _migrated(
        "import jax\ndef step(x, key):\n    key, noise_key = jax.random.split(key)\n"
        "    return x + jax.random.normal(noise_key), key\nstep = jax.jit(step)\n"
        "key, x = jax.random.key(0), 0.0\nfor i in range(3):\n    x, key = step(x, key)\n"
    )
    assert after == (
        "import jax\nimport keystream as ks\ndef step(x, key):\n    noise_key = key\n"
        "    return x + jax.random.normal(noise_key)\nstep = jax.jit(step)\n"
        'streams, x = ks.Streams(0, "noise"), 0.0\nfor i in range(3):\n'
        '    x = step(x, streams.key("noise", i))\n'
    )


STATE = """\
from typing import NamedTuple
import jax
class State(NamedTuple):
    w: int
    key: jax.Array
    {count}: int
def update(state):
    key, k = jax.random.split(state.key)
    return State({made}, {count}=state.{count} + {by})
def start():
    key, unread, k = jax.random.split(jax.random.key(0), 3)
    return State({made}, {count}=0)
"""


@pytest.mark.parametrize(("count", "by"), [("steps", 1), ("updates", 4), ("step", 1)])
def test_a_state_that_counts_already_is_asked_for_its_count(count, by):
    after, _ = _migrated(STATE.format(made="f(k), key", count=count, by=by))
    ast.parse(after)
    assert f'    k = state.streams.key("f", state.{count})\n' in after
    assert f"    return State(f(k), state.streams, {count}=state.{count} + {by})\n" in after
    assert after.count("step: ") == (count == "step")


def test_a_state_that_does_not_count_on_gets_a_step():
    after, _ = _migrated(STATE.format(made="f(k), key", count="size", by=0))
    assert '    k = state.streams.key("f", state.step)\n' in after
    assert "State(f(k), state.streams, state.step + 1, size=" in after


def test_a_child_that_is_read_nowhere_gets_no_stream():
    after, _ = _migrated(STATE.format(made="f(k), key", count="steps", by=1))
    assert "unread" not in after


def test_nothing_is_left_of_a_replacement_of_the_key_alone():
    text = (
        "import jax\nfrom flax.training.train_state import TrainState\n"
        "class State(TrainState):\n    key: jax.Array\n"
        "def update(state):\n    key, k = jax.random.split(state.key)\n    state = f(state, k)\n"
        "    state = state.replace(key=key)\n    return state\n"
        "def renew(state):\n    key, k = jax.random.split(state.key)\n"
        "    return state.replace(key=key), g(k)\n"
    )
    after, _ = _migrated(text)
    assert (
        'k = state.streams.key("f", state.step)\n    state = f(state, k)\n    return state\n'
        in after
    )
    assert "    return state, g(k)\n" in after


def test_a_key_that_an_object_keeps_is_left_and_said():
    text = (
        "import jax\nclass Agent:\n    def act(self):\n"
        "        self.key, k = jax.random.split(self.key)\n        return jax.random.normal(k)\n"
    )
    after, (migration,) = _migrated(text)
    assert after == text
    assert migration.line == 4
    assert migration.reason == (
        "`self.key` is kept in an object, which any method may split; "
        "keep `streams` there instead, and give the method its step"
    )


def test_a_state_whose_key_is_split_in_a_loop_is_left_with_what_makes_it():
    text = (
        "import jax\nfrom typing import NamedTuple\nclass State(NamedTuple):\n    w: int\n    key: jax.Array\n"
        "def update(state):\n    key = state.key\n    for _ in range(3):\n"
        "        key, k = jax.random.split(key); f(k)\n    return State(1, key)\n"
        "key, k = jax.random.split(jax.random.key(0))\nstate = State(0, key)\n"
    )
    after, found = _migrated(text)
    assert after == text
    assert {one.line for one in found} == {9}
    assert found[0].reason.startswith("the state's key is split in a loop")


def _notebook(*cells):
    made = [
        {
            "cell_type": kind,
            "metadata": {"tags": ["kept"]},
            "source": text.splitlines(keepends=True),
        }
        for kind, text in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def test_the_code_cells_of_a_notebook_are_rewritten_and_all_else_stays(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    cells = [
        ("markdown", "# key, k = jax.random.split(key)"),
        ("code", "!ls\nimport jax  # all"),
        ("code", "key = jax.random.key(0)"),
        ("code", "key, _ = jax.random.split(key)"),  # nothing is left of it
        ("code", "%%time\nfor i in range(3):\n    key, k = jax.random.split(key)\n    print(k)"),
        (
            "code",
            "key_2 = jax.random.key(1)\nkey_2, k_2 = jax.random.split(key_2)\nassert key_2[0]",
        ),
    ]
    path = tmp_path / "train.ipynb"
    path.write_text(_notebook(*cells))
    assert main(["migrate", "train.ipynb"]) == 1
    printed = capsys.readouterr()
    assert '-    "    key, k = jax.random.split(key)\\n",\n' in printed.out
    assert '+    "    k = streams.key(\\"k\\", i)\\n",\n' in printed.out
    assert printed.err.startswith(
        "train.ipynb, cell 6, line 3: left as it is: a part of 'key_2' is taken here; "
    )
    assert path.read_text() == _notebook(*cells)
    assert main(["migrate", "--write", "train.ipynb"]) == 0
    assert "train.ipynb, cell 3, line 1: key is now k\n" in capsys.readouterr().err
    cells[1] = ("code", "!ls\nimport jax  # all\nimport keystream as ks")
    cells[2] = ("code", 'streams = ks.Streams(0, "k")')
    cells[3] = ("code", "")
    cells[4] = (
        "code",
        '%%time\nfor i in range(3):\n    k = streams.key("k", i)\n    print(k)',
    )
    assert json.loads(path.read_text()) == json.loads(_notebook(*cells))
    assert main(["migrate", "--write", "train.ipynb"]) == 0


def test_what_is_no_python_file_or_can_not_be_read_is_left_and_said(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("train.ipynb").write_text("{}")
    Path("train.txt").write_text("key = 1")
    os.mkfifo("pipe.py")
    assert main(["migrate", "train.ipynb", "train.txt", "pipe.py"]) == 0
    assert capsys.readouterr().err == (
        "train.ipynb: left as it is: it is not a notebook: KeyError: 'cells'\n"
        "train.txt: left as it is: only Python files and notebooks are rewritten\n"
        "pipe.py: left as it is: it is no regular file\n"
    )


def test_line_ends_and_a_byte_order_mark_stay(tmp_path):
    path = tmp_path / "train.py"
    made = b"\xef\xbb\xbfimport jax\r\nkey = jax.random.key(0)\r\n"
    path.write_bytes(made + b"key, k = jax.random.split(key)\r\n")
    assert main(["migrate", "--write", str(path)]) == 0
    assert path.read_bytes() == (
        b"\xef\xbb\xbfimport jax\r\nimport keystream as ks\r\n"
        b'streams = ks.Streams(0, "k")\r\nk = streams.key("k", 0)\r\n'
    )


def test_the_command_shows_a_diff_and_writes_only_when_asked(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.py"
    path.write_text(
        "import jax\nkey = jax.random.key(0)\nkey, k = jax.random.split(key)\nprint(k)\n"
    )
    before = path.read_text()
    assert main(["migrate", "train.py"]) == 1
    printed = capsys.readouterr()
    assert printed.err == (
        "keystream migrate: the bits change: every key above is a new one, and so are all draws from it\n"
    )
    assert printed.out == (
        "--- a/train.py\n+++ b/train.py\n@@ -1,4 +1,5 @@\n import jax\n"
        "-key = jax.random.key(0)\n-key, k = jax.random.split(key)\n"
        '+import keystream as ks\n+streams = ks.Streams(0, "k")\n+k = streams.key("k", 0)\n print(k)\n'
    )
    assert path.read_text() == before
    assert main(["migrate", "--write", "train.py"]) == 0
    assert capsys.readouterr().err.startswith("train.py:2: key is now k\n")
    assert main(["migrate", "train.py"]) == 0
