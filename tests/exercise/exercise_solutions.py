"""Solutions of the exercise for the tests: right ones, and those with a mistake, by its name."""

PARTS = {
    "dense": "x = nn.Dense(features=x.shape[-1])(x)",
    "dropout": "return nn.Dropout(rate=self.drop_rate, deterministic=deterministic)(x)",
    "inputs": "(seed, x, dropout_seed, drop_rate, deterministic)",
    "params_key": "jax.random.PRNGKey(int(seed))",
    "dropout_key": "jax.random.PRNGKey(int(dropout_seed))",
    "model": "DropoutModel(drop_rate)",
    "init": 'model.init({"params": params_key, "dropout": dropout_key}, x, deterministic=False)',
    "flag": "deterministic >= 0.5",
    "apply": 'model.apply(variables, x, deterministic=flag, rngs={"dropout": dropout_key})',
    "end": "return y",
}

_FILE = """\
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

class DropoutModel(nn.Module):
    drop_rate: float

    @nn.compact
    def __call__(self, x, deterministic):
        {dense}
        {dropout}

def run_dropout_model{inputs}:
    params_key = {params_key}
    dropout_key = {dropout_key}
    model = {model}
    variables = {init}
    flag = {flag}
    y = {apply}
    {end}
"""

_SETUP = """\
import flax.linen as nn
import jax

class DropoutModel(nn.Module):
    drop_rate: float
    width: int

    def setup(self):
        self.{dense} = nn.Dense(self.width)
        self.{dropout} = nn.Dropout(self.drop_rate)

    def __call__(self, x, deterministic):
        return self.{dropout}(self.{dense}(x), deterministic=deterministic)

def run_dropout_model(seed, x, dropout_seed, drop_rate, deterministic):
    rngs = {{"params": jax.random.key(int(seed)), "dropout": jax.random.key(int(dropout_seed))}}
    model = DropoutModel(drop_rate, len(x))
    variables = model.init(rngs, x, deterministic=False)
    return model.apply(variables, x, deterministic >= 0.5, rngs=rngs)
"""

_COMPILED = """\
import flax.linen as nn
import jax
from functools import partial

class DropoutModel(nn.Module):
    drop_rate: float

    @nn.compact
    def __call__(self, x, deterministic):
        x = nn.Dense(features=x.shape[-1])(x)
        return nn.Dropout(rate=self.drop_rate, deterministic=deterministic)(x)

@partial(jax.jit, static_argnums=(3, 4))
def steps(params_key, dropout_key, x, model, flag):
    rngs = {{"params": params_key, "dropout": dropout_key}}
    variables = model.init(rngs, x, deterministic=False)
    return model.apply(variables, x, deterministic=flag, rngs={{"dropout": dropout_key}})

def run_dropout_model(seed, x, dropout_seed, drop_rate, deterministic):
    seeds = {seeds}
    params_key, dropout_key = (jax.random.PRNGKey(int(number)) for number in seeds)
    return steps(params_key, dropout_key, x, DropoutModel(drop_rate), deterministic >= 0.5)
"""


def written(**parts):
    """The right solution, with parts of it written otherwise; a list is several lines."""
    unknown = parts.keys() - PARTS.keys()
    assert not unknown
    for name in ("dense", "dropout", "end"):
        if isinstance(parts.get(name), list):
            indent = "\n    " if name == "end" else "\n        "
            parts[name] = indent.join(parts[name])
    return _FILE.format(**{**PARTS, **parts})


def init(rngs, rest="x, deterministic=False"):
    return f"model.init({rngs}, {rest})"


def apply(rest):
    return f"model.apply(variables, x, {rest})"


def own_dropout(line):
    """Dropout written by hand, with its mask from the model's stream; a line returns the output."""
    return [
        "if deterministic or self.drop_rate == 0.0:",
        "    return x",
        "keep = 1.0 - self.drop_rate",
        'mask = jax.random.bernoulli(self.make_rng("dropout"), keep, x.shape)',
        line,
    ]


RIGHT = written()
COMPILED = _COMPILED.format(seeds="(seed, dropout_seed)")
COMPILED_SWAPPED = _COMPILED.format(seeds="(dropout_seed, seed)")
APPLY_TRAINING = PARTS["apply"].replace("=flag", "=False")
KEYS = "jax.random.PRNGKey({})".format

RIGHT_ONES = {
    "the task's steps": RIGHT,
    "typed keys": RIGHT.replace("PRNGKey", "key"),
    "setup, with the names of a compact method": _SETUP.format(
        dense="Dense_0", dropout="Dropout_0"
    ),
    "Sequential within the compact method": written(
        dense="dropout = nn.Dropout(self.drop_rate, deterministic=deterministic)",
        dropout="return nn.Sequential([nn.Dense(x.shape[-1]), dropout])(x)",
    ),
    "init in evaluation mode": written(init=PARTS["init"].replace("False", "True")),
    "init in evaluation mode needs no second key": written(
        init=init("params_key", "x, deterministic=True")
    ),
    "init in evaluation mode, the flag by position": written(
        init=init("params_key", "x, True"),
        dropout="return nn.Dropout(self.drop_rate)(x, deterministic)",
    ),
    "init for the parameters alone": written(
        init=PARTS["init"] + '["params"]',
        apply='model.apply({"params": variables}, x, flag, rngs={"dropout": dropout_key})',
    ),
    "init with the output": written(init=PARTS["init"].replace("init", "init_with_output") + "[1]"),
    "a bound module": written(
        apply='model.bind(variables, rngs={"dropout": dropout_key})(x, flag)'
    ),
    "both runs, and a choice": written(
        apply="jnp.where(flag, model.apply(variables, x, True), " + APPLY_TRAINING + ")"
    ),
    "a batch of one": written(params_key=f"{KEYS('int(seed)')}; x = x[None]", end="return y[0]"),
    "a NumPy array": written(end="return np.asarray(y)"),
    "no bias": written(dense="x = nn.Dense(x.shape[-1], use_bias=False)(x)"),
    "no rngs where nothing is drawn": written(
        apply=f"{apply('deterministic=True')} if flag else {PARTS['apply']}"
    ),
    "prints": written(end="print(y); return y"),
}

MISTAKES = {
    "function-missing": [RIGHT.replace("def run_dropout_model", "def run_model")],
    "wrong-signature": [
        written(inputs="(seed, x, drop_rate)"),
        written(inputs="(*, seed, x, dropout_seed, drop_rate, deterministic)"),
        written(inputs="(seed, x, drop_rate, dropout_seed, deterministic)"),
        written(inputs="(x, seed, dropout_seed, drop_rate, deterministic)"),
    ],
    "rng-for-rngs": [written(apply=apply('flag, rng={"dropout": dropout_key}'))],
    "cast-forgotten": [
        written(params_key=KEYS("seed")),
        written(dropout_key=KEYS("dropout_seed")),
        written(dropout_key=KEYS("jnp.asarray(dropout_seed)")),
    ],
    "seed-for-key": [
        written(params_key="int(seed)"),
        written(init="model.init(x, params_key, deterministic=False)"),
        written(init=init("int(seed)")),
        written(init=init("jax.random.split(params_key)")),
        written(apply=apply('flag, rngs={"dropout": int(dropout_seed)}')),
    ],
    "params-missing": [written(init=init('{"dropout": dropout_key}'))],
    "missing-rngs": [written(apply=apply("flag"))],
    "misnamed-stream": [
        written(init=init('{"params": params_key, "drop_out": dropout_key}')),
        written(apply=apply('flag, rngs={"Dropout": dropout_key}')),
        written(
            dropout="return nn.Dropout(self.drop_rate, rng_collection='drop')(x, deterministic)"
        ),
    ],
    "init-missing": [written(apply="model(x, flag)")],
    "variables-unwrapped": [
        written(apply='model.apply(variables["params"], x, flag, rngs={"dropout": dropout_key})'),
        written(apply='model.apply({"params": variables}, x, flag, rngs={"dropout": dropout_key})'),
    ],
    "flag-missing": [
        written(apply=apply('rngs={"dropout": dropout_key}')),
        written(dropout="return nn.Dropout(self.drop_rate)(x)"),
    ],
    "flag-given-twice": [
        written(dropout=PARTS["dropout"].replace("(x)", "(x, deterministic=deterministic)"))
    ],
    "single-key-init": [
        written(init=init("params_key")),
        written(init=init('{"params": params_key}')),
    ],
    "single-key-apply": [
        written(apply=apply("flag, rngs=dropout_key")),
        written(apply=apply('flag, rngs={"params": dropout_key}')),
    ],
    "key-reused": [
        written(dropout_key=KEYS("int(seed)")),
        written(params_key=KEYS("int(dropout_seed)")),
        written(init=init('{"params": params_key, "dropout": params_key}')),
        written(apply=apply('flag, rngs={"dropout": params_key}')),
    ],
    "seeds-swapped": [
        written(params_key=KEYS("int(dropout_seed)"), dropout_key=KEYS("int(seed)")),
        written(init=init('{"params": dropout_key, "dropout": params_key}')),
    ],
    "apply-missing": [written(apply=PARTS["init"].replace("init", "init_with_output") + "[0]")],
    "dropout-missing": [written(dropout="return x")],
    "not-an-array": [
        written(end="return y.tolist()"),
        written(end="return variables"),
        written(end="print(y)"),
    ],
    "wrong-axes": [
        written(end="return y[None]"),
        written(params_key=f"{KEYS('int(seed)')}; x = x[None]"),
        written(end="return y.sum()"),
    ],
    "wrong-features": [written(dense="x = nn.Dense(features=4)(x)")],
    "wrong-dtype": [
        written(end="return y.astype(jnp.float16)"),
        written(end="return np.array([None] * len(x))"),
        written(end="return np.array(['a'] * len(x))"),
    ],
    "not-finite": [
        written(end="return y / (1.0 - drop_rate) * (1.0 - drop_rate)"),
        written(end="return y * jnp.nan"),
    ],
    "key-split": [
        written(
            params_key=f"jax.random.split({KEYS('int(seed)')})[0]",
            dropout_key=f"jax.random.split({KEYS('int(seed)')})[1]",
        ),
        written(
            params_key=f"jax.random.split({KEYS('int(seed)')}, 3)[1]",
            dropout_key=f"jax.random.split({KEYS('int(seed)')}, 3)[2]",
        ),
        written(params_key=f"jax.random.split({KEYS('int(seed)')})[0]"),
    ],
    "seed-rounded": [
        written(params_key=KEYS("round(seed)"), dropout_key=KEYS("round(dropout_seed)")),
        written(dropout_key=KEYS("round(dropout_seed)")),
        written(
            params_key=KEYS("int(np.floor(seed))"), dropout_key=KEYS("int(np.floor(dropout_seed))")
        ),
    ],
    "flag-inverted": [
        written(flag="deterministic < 0.5"),
        written(flag="deterministic <= 0.5"),
        written(flag="not deterministic"),
        written(dropout="return nn.Dropout(self.drop_rate)(x, deterministic=not deterministic)"),
    ],
    "flag-as-truth": [written(flag="bool(deterministic)"), written(flag="deterministic")],
    "flag-threshold": [
        written(flag="deterministic > 0.5"),
        written(flag="bool(round(deterministic))"),
    ],
    "flag-cast": [written(flag="bool(int(deterministic))"), written(flag="deterministic == 1.0")],
    "flag-ignored": [
        written(flag="False"),
        written(flag="True"),
        written(dropout="return nn.Dropout(self.drop_rate, deterministic=False)(x)"),
    ],
    "keep-for-drop": [written(dropout="return nn.Dropout(1.0 - self.drop_rate)(x, deterministic)")],
    "layers-swapped": [
        written(
            dense=PARTS["dropout"].replace("return", "x ="),
            dropout=PARTS["dense"].replace("x =", "return", 1),
        )
    ],
    "dense-missing": [written(dense="")],
    "activation-added": [
        written(dense="x = nn.relu(nn.Dense(x.shape[-1])(x))"),
        written(dropout="return nn.relu(nn.Dropout(self.drop_rate)(x, deterministic))"),
    ],
    "layers-added": [
        written(dense=[PARTS["dense"]] * 2),
        written(dropout=[PARTS["dropout"].replace("return", "x ="), PARTS["dropout"]]),
    ],
    "layers-renamed": [
        _SETUP.format(dense="dense", dropout="dropout"),
        written(dense="x = nn.Dense(x.shape[-1], name='dense')(x)"),
        written(
            model="nn.Dense(len(x))",
            init="model.init(params_key, x)",
            apply="model.apply(variables, x)",
            end="return nn.Dropout(drop_rate).apply({}, y, flag, rngs={'dropout': dropout_key})",
        ),
    ],
    "seed-unused": [
        written(params_key=KEYS(42)),
        written(params_key=KEYS(0)),
        written(params_key=KEYS(0), flag="deterministic < 0.5"),
    ],
    "dropout-seed-unused": [
        written(dropout_key=KEYS(1)),
        written(dropout_key="jax.random.fold_in(params_key, 1)"),
    ],
    "rate-unused": [written(model="DropoutModel(0.5)")],
    "not-rescaled": [
        written(dropout=own_dropout("return jnp.where(mask, x, 0.0)")),
        written(dropout=own_dropout("return x * mask")),
        written(end="return y * (1.0 - drop_rate)"),
    ],
    "wrong-without-dropout": [
        written(params_key=KEYS("int(seed) + 1")),
        written(end="return y * 2.0"),
        written(end="return jnp.tanh(y)"),
    ],
    "other-mask": [
        written(dropout=own_dropout("return jnp.where(mask, x / keep, 0.0)")),
        written(
            dropout="return nn.Dropout(self.drop_rate)(x, deterministic, self.make_rng('dropout'))"
        ),
        written(dropout_key=KEYS("int(dropout_seed) + 1")),
        written(dropout_key=f"jax.random.split({KEYS('int(dropout_seed)')})[0]"),
    ],
    "rescaled-otherwise": [
        written(dropout=own_dropout("return jnp.where(mask, x / self.drop_rate, 0.0)")),
        written(end="return y if flag or drop_rate == 1.0 else y / (1.0 - drop_rate)"),
    ],
    # What no row of the tables says.
    "unknown": [written(end="return y if flag else y + drop_rate")],
    "raised": [
        written(end="return z"),
        written(end="raise SystemExit(3)"),
        written(dropout="return nn.Dropout(self.drop_rate, rng=3)(x, deterministic)"),
    ],
    "not-loaded": ["def run_dropout_model(:", "import no_such_module", "raise SystemExit"],
}
