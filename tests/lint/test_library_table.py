"""What lint knows of libraries: every entry names something that exists, and one line is enough."""

import importlib
import inspect
import sys

import jax
import pytest

from keystream._lint.libraries import jax_random, table
from keystream._lint.libraries.aliases import canonical
from keystream._lint.libraries.call import at
from keystream._lint.libraries.signatures import Draw, Layer, Makes
from keystream._linter.config import Config
from keystream._linter.engine import Worker

# Of releases that are no longer installed; programs that were written for them are read all the same.
EARLIER = {
    "haiku.jit",
    "haiku.named_call",
    "jax.device_put_replicated",
    "jax.nn.initializers.ones_init",  # of flax.linen.initializers
    "jax.nn.initializers.zeros_init",
    "jax.random.shuffle",
}
LATER = {"copy.replace": (3, 13)}  # of Python's own library, by its version
NO_SAMPLERS = {"PRNGKey", "clone", "fold_in", "key", "key_data", "key_impl", "split"}


def _exists(name):
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            found = getattr(found, part, None)
        return found is not None
    pytest.skip(f"{parts[0]} is not installed")


@pytest.mark.parametrize("name", sorted({*table.FUNCTIONS, *table.FRAMEWORKS} - EARLIER))
def test_what_the_table_names_exists_in_its_library(name, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    if LATER.get(name, (3, 0)) > sys.version_info:
        pytest.skip("this Python does not have it")
    assert _exists(name)


def test_every_name_of_the_table_is_the_canonical_one():
    assert [name for name in table.FUNCTIONS if canonical(name) != name] == []


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("jax.experimental.pjit.pjit", "jax.jit"),
        ("flax.experimental.nnx.initializers.normal", "jax.nn.initializers.normal"),
        ("tensorflow.keras.layers.Dropout", "keras.layers.Dropout"),
        ("jax.numpy.sum", "jax.numpy.sum"),
        ("flax.nnx.nn.linear.Linear", "flax.nnx.Linear"),
        ("flax", "flax"),
    ],
)
def test_a_name_that_is_exported_again_leads_to_the_canonical_one(name, known):
    assert canonical(name) == known


def test_every_public_sampler_of_jax_is_a_draw():
    samplers = {
        f"jax.random.{name}"
        for name, function in vars(jax.random).items()
        if inspect.isfunction(function) or hasattr(function, "__wrapped__")
        if not name.startswith("_") and name not in NO_SAMPLERS
        if "key" in inspect.signature(function).parameters
    }
    assert len(samplers) > 30
    draws = {name for name, handler in table.FUNCTIONS.items() if isinstance(handler, Draw)}
    assert samplers - draws == {"jax.random.bernoulli"}  # a draw whose probability is remembered
    assert table.FUNCTIONS["jax.random.bernoulli"] is jax_random.bernoulli


def _findings(tmp_path, source):
    (tmp_path / "program.py").write_text(source)
    return Worker(Config()).check(tmp_path / "program.py").findings


def _drawn(findings):
    """What is known to draw from a key, where functions that are not known are only given it."""
    return [f.code for f in findings if "draws from" in f.message]


TWICE = """\
import jax
import newlib
key = jax.random.key(0)
x = newlib.{call}
y = newlib.{call}
print(x + y)
"""


def test_a_function_of_a_new_library_is_one_line(tmp_path, monkeypatch):
    source = TWICE.format(call="noise((3,), rng_key=key)")
    assert _drawn(_findings(tmp_path, source)) == []
    monkeypatch.setitem(table.FUNCTIONS, "newlib.noise", Draw(at(1, "rng_key")))
    assert _drawn(_findings(tmp_path, source)) == ["KS101"]


def test_a_layer_of_a_new_library_is_one_line(tmp_path, monkeypatch):
    source = TWICE.format(call="Dense(3, key=key)")
    assert _drawn(_findings(tmp_path, source)) == []
    monkeypatch.setitem(table.FUNCTIONS, "newlib.Dense", Layer("newlib.Dense"))
    assert _drawn(_findings(tmp_path, source)) == ["KS101"]


def test_a_rate_that_an_entry_names_is_checked(tmp_path, monkeypatch):
    source = "import jax\nimport newlib\nx = newlib.drop(jax.random.key(0), 1, rate=1.5)\n"
    monkeypatch.setitem(table.FUNCTIONS, "newlib.drop", Draw(rate=at(2, "rate")))
    assert [f.code for f in _findings(tmp_path, source)] == ["KS603"]


def test_a_method_of_what_a_new_library_makes_is_one_line(tmp_path, monkeypatch):
    source = TWICE.format(call="Sampler().run(key)")
    assert _drawn(_findings(tmp_path, source)) == []
    monkeypatch.setitem(table.FUNCTIONS, "newlib.Sampler", Makes())
    monkeypatch.setitem(table.OBJECTS, "newlib.Sampler", {"run": Draw(at(0), "Sampler.run")})
    assert _drawn(_findings(tmp_path, source)) == ["KS101"]
