"""A fix that is pasted at the lines that the finding names removes it: run, paste, run again."""

import re
import textwrap
from pathlib import Path

import pytest
from audited import audit

from keystream._linter.config import Config
from keystream._linter.engine import Worker

PART = r"\b(?:(?:first|second|third|fourth|draw|split|step|next)_key|keys)(?:_2)?\b"


def paste(text: str, finding) -> str:
    """The program with a fix in it: each line of the fix in place of the statement that it rewrites.

    The lines that derive keys go before the first of the statements.
    """
    _, *lines = finding.fix.split("\n")
    derive = [
        each
        for each in lines
        if re.fullmatch(r"[^(]*= jax\.random\.(split|fold_in)\([^()]*\)", each)
        and re.search(PART + r".* = ", each)
    ]
    rewritten = [each for each in lines if each not in derive]
    assert derive, finding.fix
    assert rewritten, finding.fix
    program = text.splitlines()
    touched = []
    for line in rewritten:
        masked = re.sub(r"\{\*\*\w+, '\w+': step_key\}|keys\[\d\]|" + PART, "\0", line.strip())
        before = re.escape(masked).replace("\0", r"[^()]+?")
        rows = [number for number, old in enumerate(program) if re.fullmatch(before, old.strip())]
        assert rows, finding.fix
        named = {place.line for place in (*finding.locations, *finding.related)}
        row = next((each for each in rows if each + 1 in named and each not in touched), rows[0])
        program[row] = indent_of(program[row]) + line.strip()
        touched.append(row)
    first = min(touched)
    program[first:first] = [indent_of(program[first]) + each for each in derive]
    return "\n".join(program) + "\n"


def indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def check(tmp_path: Path, code: str, text: str):
    text = textwrap.dedent(text).lstrip("\n")
    found = [each for each in audit(tmp_path, text).findings if each.code == code]
    assert len(found) == 1
    after = audit(tmp_path, paste(text, found[0]), "fixed.py")
    assert [each for each in after.findings if each.severity != "note"] == []


PLAIN = {
    "KS101": """
        import jax
        rng = jax.random.key(0)
        weights = jax.random.normal(rng, (3,))
        noise = jax.random.uniform(rng, (3,))
        print(weights + noise)
    """,
    "KS102": """
        import jax
        rng = jax.random.key(0)
        noise = jax.random.normal(rng, (3,))
        one, other = jax.random.split(rng)
        print(noise + jax.random.normal(one, (3,)) + jax.random.normal(other, (3,)))
    """,
    "KS201": """
        import jax, jax.numpy as jnp
        step = jax.jit(lambda w, key: w + jax.random.normal(key, w.shape))
        rng, w = jax.random.key(0), jnp.zeros(3)
        for i in range(3):
            w = step(w, rng)
    """,
}

LINEN = """
    import jax, jax.numpy as jnp
    import flax.linen as nn
    net = nn.Dropout(0.5, deterministic=False)
    rng, x = jax.random.key(0), jnp.ones((4, 8))
"""
EQUINOX = """
    import equinox as eqx, jax, jax.numpy as jnp
    net = eqx.nn.Dropout(0.5)
    rng, x = jax.random.key(0), jnp.ones((4, 8))
"""
HAIKU = """
    import haiku as hk, jax, jax.numpy as jnp
    net = hk.transform(lambda x: hk.dropout(hk.next_rng_key(), 0.5, x))
    rng, x = jax.random.key(0), jnp.ones((4, 8))
"""
NUMPYRO = """
    import jax, jax.numpy as jnp
    import numpyro.distributions as dist
    rng = jax.random.key(0)
"""
NNX = """
    import jax, jax.numpy as jnp
    from flax import nnx
    net = nnx.Dropout(0.5, deterministic=False)
    rng, x = jax.random.key(0), jnp.ones((4, 8))
"""
CALLS = {
    "linen": (LINEN, "net.apply({}, x, rngs={'dropout': rng})"),
    "equinox": (EQUINOX, "net(x, key=rng)"),
    "haiku": (HAIKU, "net.apply({}, rng, x)"),
    "numpyro": (NUMPYRO, "dist.Normal(0, 1).sample(rng, (4, 8))"),
    "nnx": (NNX, "net(x, rngs=nnx.Rngs(dropout=rng))"),
}


def program_of(kind: str, code: str) -> str:
    head, call = CALLS[kind]
    body = {
        "KS101": f"one = {call}\nother = 1 + {call}\nprint(one + other)",
        "KS102": f"one = 1 + jax.random.normal(rng, (4, 8))\nother = {call}\nprint(one + other)",
        "KS201": f"w = 0\nfor i in range(3):\n    w = w * 2 + {call}",
    }[code]
    if code == "KS102" and kind in ("equinox", "numpyro"):  # they draw from the key itself
        body = (
            f"one = {call}\na, b = jax.random.split(rng)\nprint(one + jax.random.normal(a, (4, 8)))"
        )
    return textwrap.dedent(head) + body + "\n"


@pytest.mark.parametrize("code", PLAIN)
def test_a_pasted_fix_removes_the_finding_of_plain_jax(tmp_path, code):
    check(tmp_path, code, PLAIN[code])


@pytest.mark.parametrize("code", ["KS101", "KS102", "KS201"])
@pytest.mark.parametrize("kind", CALLS)
def test_a_pasted_fix_removes_the_finding_of_a_framework(tmp_path, kind, code):
    module = {"linen": "flax", "nnx": "flax"}.get(kind, kind)
    pytest.importorskip(module)
    check(tmp_path, code, program_of(kind, code))


SHARED = {
    "two draws on one line": """
        import jax
        k = jax.random.key(0)
        a = jax.random.normal(k, (3,)); b = jax.random.normal(k, (3,))
        print(a, b)
    """,
    "three draws on one line": """
        import jax
        k = jax.random.key(0)
        a = jax.random.normal(k); b = jax.random.normal(k); c = jax.random.uniform(k)
        print(a, b, c)
    """,
    "two draws in one expression": """
        import jax
        k = jax.random.key(0)
        a, b = jax.random.normal(k, (3,)), jax.random.normal(k, (3,))
        print(a + b)
    """,
    "three draws in one expression": """
        import jax
        key = jax.random.key(0)
        x = jax.random.normal(key) + jax.random.normal(key) * jax.random.normal(key)
        print(x)
    """,
    "three draws on lines of their own": """
        import jax
        key = jax.random.key(0)
        a = jax.random.normal(key)
        b = jax.random.uniform(key)
        c = jax.random.bits(key)
        print(a, b, c)
    """,
    "more draws than there are words": """
        import jax
        key = jax.random.key(0)
        a = [jax.random.normal(key), jax.random.uniform(key), jax.random.bits(key)]
        b = [jax.random.cauchy(key), jax.random.gumbel(key), jax.random.logistic(key)]
        c = jax.random.exponential(key)
        print(a, b, c)
    """,
    "a key that is drawn from later too": """
        import jax
        k = jax.random.key(0)
        def later():
            return jax.random.bits(k)
        a = jax.random.normal(k)
        b = jax.random.uniform(k)
        print(a, b, later())
    """,
    "an entry of a dictionary": """
        import jax
        def main(rngs):
            noise = jax.random.normal(rngs["dropout"])
            return noise + jax.random.uniform(rngs["dropout"])
        print(main({"dropout": jax.random.key(0)}))
    """,
    "an element": """
        import jax
        keys = jax.random.split(jax.random.key(0))
        a = jax.random.normal(keys[0])
        b = jax.random.uniform(keys[0])
        print(a, b)
    """,
    "a field": """
        import jax
        class Net:
            def __init__(self, key):
                self.key = key
            def __call__(self):
                return jax.random.normal(self.key) + jax.random.uniform(self.key)
        print(Net(jax.random.key(0))())
    """,
    "a name with which an earlier fix split": """
        import jax
        first_key, second_key = jax.random.split(jax.random.key(0))
        a = jax.random.normal(first_key)
        b = jax.random.uniform(first_key)
        print(a, b, jax.random.bits(second_key))
    """,
}


@pytest.mark.parametrize("text", SHARED.values(), ids=SHARED)
def test_a_pasted_fix_gives_each_draw_a_key_of_its_own(tmp_path, text):
    check(tmp_path, "KS101", text)


SPLIT = {
    "the split first": """
        import jax
        rng = jax.random.key(0)
        one, other = jax.random.split(rng)
        noise = jax.random.normal(rng, (3,))
        print(noise + jax.random.normal(one, (3,)) + jax.random.normal(other, (3,)))
    """,
    "a key that is no variable": """
        import jax
        def main(rngs):
            noise = jax.random.normal(rngs["noise"])
            one, other = jax.random.split(rngs["noise"])
            return noise + jax.random.normal(one) + jax.random.normal(other)
        print(main({"noise": jax.random.key(0)}))
    """,
}


@pytest.mark.parametrize("text", SPLIT.values(), ids=SPLIT)
def test_a_pasted_fix_splits_before_both(tmp_path, text):
    check(tmp_path, "KS102", text)


TURNS = {
    "an entry of a dictionary that is handed on": """
        import jax, jax.numpy as jnp
        step = jax.jit(lambda w, rngs: w + jax.random.normal(rngs["dropout"], w.shape))
        rngs, w = {"dropout": jax.random.key(0)}, jnp.zeros(3)
        rngs = {"dropout": jax.random.key(0)}
        for i in range(3):
            w = step(w, rngs)
    """,
    "a tuple that is handed on": """
        import jax, jax.numpy as jnp
        def step(w, keys):
            noise_key, mask_key = keys
            return w + jax.random.normal(noise_key, w.shape) * jax.random.normal(mask_key, w.shape)
        noise_key, mask_key = jax.random.split(jax.random.key(0))
        w = jnp.zeros(3)
        for i in range(3):
            keys = jax.random.fold_in(noise_key, i), mask_key
            w = step(w, keys)
    """,
    "a variable of the module": """
        import jax, jax.numpy as jnp
        ROOT = jax.random.key(0)
        def step(w, key):
            return w + jax.random.normal(key, w.shape)
        def main(w):
            for i in range(3):
                w = step(w, ROOT)
            return w
        main(jnp.zeros(3))
    """,
}
TRAIN_STATE = """
    import jax, jax.numpy as jnp, optax
    from flax.training import train_state
    class TrainState(train_state.TrainState):
        key: jax.Array
    @jax.jit
    def step(state, x):
        def loss(params):
            noisy = x + jax.random.normal(state.key, x.shape)
            mask = jax.random.bernoulli(state.key, 0.5, x.shape)
            return jnp.sum(state.apply_fn(params, noisy * mask))
        grads = jax.grad(loss)(state.params)
        return state.apply_gradients(grads=grads)
    KEY = jax.random.key(0)
    state = TrainState.create(
        apply_fn=lambda p, x: p["w"] * x, params={"w": jnp.ones(3)}, tx=optax.sgd(0.1), key=KEY)
    for i in range(3):
        state = step(state, jnp.ones(3))
"""


@pytest.mark.parametrize("text", TURNS.values(), ids=TURNS)
def test_a_pasted_fix_makes_a_key_for_each_turn(tmp_path, text):
    check(tmp_path, "KS201", text)


def test_a_pasted_fix_folds_the_step_of_a_state_into_its_key(tmp_path):
    pytest.importorskip("flax")
    pytest.importorskip("optax")
    text = textwrap.dedent(TRAIN_STATE).lstrip("\n")
    report = audit(tmp_path, text)
    found = next(
        each for each in report.findings if "state.key" in each.fix and each.code == "KS201"
    )
    assert "step_key = jax.random.fold_in(state.key, state.step)\n" in found.fix
    after = audit(tmp_path, paste(text, found), "fixed.py")
    assert [each for each in after.findings if each.severity != "note"] == []


def check_lint(tmp_path: Path, code: str, text: str):
    path = tmp_path / "program.py"
    text = textwrap.dedent(text).lstrip("\n")
    path.write_text(text, encoding="utf-8")
    found = [each for each in Worker(Config()).check(path).findings if each.code == code]
    assert len(found) == 1
    path.write_text(paste(text, found[0]), encoding="utf-8")
    after = Worker(Config()).check(path).findings
    assert [each for each in after if each.severity != "note"] == []


OF_LINT = {
    "KS101": [name for name in SHARED if name != "more draws than there are words"],
    "KS102": [*SPLIT],
    "KS201": ["a variable of the module"],
}


@pytest.mark.parametrize(("code", "name"), [(code, n) for code, ns in OF_LINT.items() for n in ns])
def test_a_pasted_fix_of_lint_removes_its_finding(tmp_path, code, name):
    check_lint(tmp_path, code, {**SHARED, **SPLIT, **TURNS}[name])


@pytest.mark.parametrize("code", PLAIN)
def test_a_pasted_fix_of_lint_removes_the_finding_of_plain_jax(tmp_path, code):
    check_lint(tmp_path, code, PLAIN[code])


EVALUATED = """
    import flax.linen as nn
    import jax, jax.numpy as jnp
    class Net(nn.Module):
        @nn.compact
        def __call__(self, x, train):
            return nn.Dense(1)(nn.Dropout(0.5, deterministic=not train)(x))
    net, x = Net(), jnp.ones((4, 3))
    def loss(params, key):
        return net.apply(params, x, train=True, rngs={"dropout": key}).mean()
    def evaluate(params, key):
        return net.apply(params, x, train=True, rngs={"dropout": key}).mean()
    one, two, three = jax.random.split(jax.random.key(0), 3)
    params = net.init(one, x, train=False)
    print(jax.grad(loss)(params, two), evaluate(params, three))
"""


def test_a_pasted_fix_evaluates_without_dropout(tmp_path):
    pytest.importorskip("flax")
    text = textwrap.dedent(EVALUATED).lstrip("\n")
    path = tmp_path / "program.py"
    path.write_text(text, encoding="utf-8")
    line = '    return net.apply(params, x, train=True, rngs={"dropout": key}).mean()'
    for findings in (audit(tmp_path, text).findings, Worker(Config()).check(path).findings):
        (found,) = [each for each in findings if each.code == "KS601"]
        said, _, mended = found.fix.partition("\n")
        assert said == "switch dropout off where the model is evaluated:"
        assert mended == line.strip().replace("train=True", "train=False")
    lines = text.splitlines()
    assert lines[10] == line
    lines[10] = f"    {mended}"
    assert audit(tmp_path, "\n".join(lines) + "\n", "fixed.py").findings == ()


OFF = {
    "nnx": (
        """
        from flax import nnx
        import jax.numpy as jnp
        class Net(nnx.Module):
            def __init__(self, rngs):
                self.dense = nnx.Linear(3, 1, rngs=rngs)
                self.drop = nnx.Dropout(0.5, rngs=rngs)
            def __call__(self, x):
                return self.dense(self.drop(x))
        net, x = Net(nnx.Rngs(0)), jnp.ones((4, 3))
        nnx.grad(lambda net: net(x).mean())(net)
        def evaluate(net):
            return net(x).mean()
        print(evaluate(net))
        """,
        "model.eval()   # and model.train()",
    ),
    "equinox": (
        """
        import equinox as eqx
        import jax, jax.numpy as jnp
        class Net(eqx.Module):
            dense: eqx.nn.Linear
            drop: eqx.nn.Dropout
            def __init__(self, key):
                self.dense, self.drop = eqx.nn.Linear(3, 1, key=key), eqx.nn.Dropout(0.5)
            def __call__(self, x, key):
                return self.dense(self.drop(x, key=key))
        one, two, three = jax.random.split(jax.random.key(0), 3)
        net, x = Net(one), jnp.ones(3)
        eqx.filter_grad(lambda net: net(x, two).mean())(net)
        def evaluate(net):
            return net(x, three).mean()
        print(evaluate(net))
        """,
        "evaluated = eqx.nn.inference_mode(model)",
    ),
}


@pytest.mark.parametrize("kind", OFF)
def test_dropout_is_switched_off_in_the_way_of_its_framework(tmp_path, kind):
    pytest.importorskip({"nnx": "flax"}.get(kind, kind))
    text, wanted = OFF[kind]
    report = audit(tmp_path, text)
    linted = Worker(Config()).check(tmp_path / "program.py").findings
    for findings in (report.findings, linted):
        (found,) = [each for each in findings if each.code == "KS601"]
        assert found.fix.partition("\n")[2] == wanted
        assert "each call" not in found.why


def test_draws_of_one_sampler_are_counted(tmp_path):
    for count, said in ((2, "twice"), (3, "3 times")):
        draws = " + ".join(["jax.random.normal(key)"] * count)
        text = f"import jax\nkey = jax.random.key(0)\nprint({draws})\n"
        (found,) = audit(tmp_path, text).findings
        assert found.message == f"normal drew {said} from one key, first at program.py:3"


def test_a_key_without_a_name_is_not_called_one(tmp_path):
    text = """
        import jax
        class Both:
            def one(self):
                return jax.random.normal(self.keys()[0])
            def keys(self):
                return KEYS
            def two(self):
                return jax.random.uniform(self.keys()[0])
        KEYS = [jax.random.key(0)]
        both = Both()
        print(both.one() + both.two())
    """
    (found,) = [each for each in audit(tmp_path, text).findings if each.code == "KS101"]
    said = "split the key before both, and give each a part (`key` stands for yours):"
    assert found.fix == f"{said}\nfirst_key, second_key = jax.random.split(key)"
