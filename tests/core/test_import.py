"""Importing stays light, and every public name works whatever was imported before it."""

import os
import subprocess
import sys

import pytest

import keystream as ks


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"KERAS_BACKEND": "jax"},  # else Keras wants TensorFlow
    )


def test_import_and_help_load_neither_jax_nor_a_framework():
    code = (
        "import sys, keystream\n"
        "from keystream._cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as done: assert done.code == 0\n"
        "heavy = {'jax', 'jaxlib', 'numpy', 'flax', 'haiku', 'equinox', 'optax', 'sklearn'}\n"
        "assert not ({*heavy, 'rich'} & set(sys.modules))\n"
        "main(['rule', 'KS001'])\n"
        "loaded = heavy & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr


def test_using_streams_loads_no_framework():
    done = run(
        "import sys, keystream as ks\n"
        "ks.Streams(0, 'params', 'dropout').rngs(3)\n"
        "loaded = {'flax', 'haiku', 'equinox', 'optax', 'sklearn', 'matplotlib'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    assert done.returncode == 0, done.stderr


def test_public_names_are_listed_and_unknown_ones_are_refused():
    assert set(ks.__all__) <= set(dir(ks))
    for name in ks.__all__:
        assert getattr(ks, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Stream'"):
        ks.Stream  # noqa: B018


@pytest.mark.parametrize("reverse", [False, True], ids=["forwards", "backwards"])
def test_every_public_name_works_whatever_submodule_was_imported_before_it(reverse):
    done = run(
        "import importlib, pkgutil, types\n"
        "import keystream as ks\n"
        "found = [m.name for m in pkgutil.walk_packages(ks.__path__, 'keystream.')]\n"
        "found.remove('keystream._demo.digits_broken')  # a script: it imports its neighbour\n"
        f"for module in sorted(found, reverse={reverse}):\n"
        "    if not module.endswith('__main__'): importlib.import_module(module)\n"
        "assert ks.seed(3) == 3\n"
        "assert ks.Streams(0, 'a').identify(ks.Streams(0, 'a').key('a', 1)).step == 1\n"
        "for name in ks.__all__:\n"
        "    is_module = isinstance(getattr(ks, name), types.ModuleType)\n"
        "    assert is_module == (f'keystream.{name}' in found), name\n"
    )
    assert done.returncode == 0, done.stderr
