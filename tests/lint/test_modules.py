"""Which file an import means: the one beside the file that imports, the project's own, a package's."""

from pathlib import Path

import pytest

from keystream._linter.config import Config
from keystream._linter.engine import check

ONCE = "import jax\n\n\ndef noise(key):\n    return jax.random.normal(key, (3,))\n"
NOT_AT_ALL = "def noise(key):\n    return 0.0\n"
BOTH = """\
import jax
{imported}

def run(key):
    a = noise(key)
    return a + jax.random.uniform(key, (3,))
"""


def _found(folder: Path, monkeypatch: pytest.MonkeyPatch, jobs: int = 1) -> set[tuple[str, str]]:
    monkeypatch.chdir(folder)
    report = check(["."], Config(root=folder), jobs=jobs)
    return {
        (Path(each.locations[0].path).parts[0], each.code)
        for each in report.findings
        if each.severity != "note"
    }


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_each_folder_has_its_own_utils(tmp_path, monkeypatch):
    imported = "from utils import noise"
    _write(
        tmp_path,
        {
            "one/utils.py": NOT_AT_ALL,
            "one/main.py": BOTH.format(imported=imported),
            "two/utils.py": ONCE,
            "two/main.py": BOTH.format(imported=imported),
        },
    )
    assert _found(tmp_path, monkeypatch) == {("two", "KS101")}


def test_the_projects_own_folder_is_looked_in_however_many_others_there_are(tmp_path, monkeypatch):
    _write(tmp_path, {"common/__init__.py": "", "common/draws.py": ONCE})
    _write(tmp_path, {f"{letter}{letter}/plain.py": "import jax\n" for letter in "abcdefghijk"})
    imported = "from common.draws import noise"
    _write(tmp_path, {"last/main.py": BOTH.format(imported=imported)})
    assert _found(tmp_path, monkeypatch) == {("last", "KS101")}


def test_a_module_that_imports_the_one_that_imports_it_is_read_all_the_same(tmp_path, monkeypatch):
    _write(
        tmp_path,
        {
            "first.py": "import second\nimport jax\n\n\ndef noise(key):\n"
            "    return jax.random.normal(key, (3,))\n",
            "second.py": "import first\nimport jax\n\n\ndef twice(key):\n"
            "    return first.noise(key)\n",
            "main.py": "import jax\nimport first\nimport second\n\n\ndef run(key):\n"
            "    a = second.twice(key)\n    return a + jax.random.uniform(key, (3,))\n",
        },
    )
    assert ("main.py", "KS101") in _found(tmp_path, monkeypatch)


TABLE = """\
import jax

LOSSES = {}


def register(name):
    def keep(function):
        LOSSES[name] = function
        return function
    return keep


def get_loss(name):
    return LOSSES[name]


@register("noisy")
def noisy(params, key, x):
    return ((x + jax.random.normal(key, x.shape)) @ params).mean()


@register("plain")
def plain(params, key, x):
    return (x @ params).mean()
"""
ASKING = """\
import jax
from losses import get_loss


def fit(params, key, xs):
    step = jax.jit(jax.grad(get_loss("{name}")))
    for x in xs:
        params = params - 0.1 * step(params, key, x)
    return params
"""


def test_a_table_that_decorators_fill_is_known_in_other_files(tmp_path, monkeypatch):
    _write(tmp_path, {"one/losses.py": TABLE, "one/fit.py": ASKING.format(name="noisy")})
    _write(tmp_path, {"two/losses.py": TABLE, "two/fit.py": ASKING.format(name="plain")})
    assert _found(tmp_path, monkeypatch) == {("one", "KS201")}


AGENT = """\
import jax


class Agent:
    def __init__(self, seed):
        self.noise, self.w = jax.random.key(seed), 1.0

    def act(self):
        {take}
        return self.w + jax.random.normal(key)

    def learn(self, action):
        self.w = 0.9 * self.w + action
"""
LAUNCHER = """\
{imported}


def main():
    agent = {made}(0)
    for _ in range(3):
        agent.learn(agent.act())


main()
"""
KEPT = "key = self.noise"
ADVANCED = "self.noise, key = jax.random.split(self.noise)"
LAUNCHERS = {
    "a class by its name": ("from agent import Agent", "Agent", {}),
    "a module": ("import agent as team", "team.Agent", {}),
    "relatively": ("from .agent import Agent", "Agent", {"__init__.py": ""}),
    "through a file that has nothing to say": (
        "from team import Agent",
        "Agent",
        {"team.py": "from agent import Agent\n"},
    ),
}


@pytest.mark.parametrize(("imported", "made", "more"), LAUNCHERS.values(), ids=LAUNCHERS)
def test_a_script_that_says_nothing_of_keys_is_read_for_what_it_calls(
    tmp_path, monkeypatch, imported, made, more
):
    launcher = LAUNCHER.format(imported=imported, made=made)
    _write(tmp_path, {"agent.py": AGENT.format(take=KEPT), "main.py": launcher, **more})
    assert _found(tmp_path, monkeypatch) == {("main.py", "KS201")}
    _write(tmp_path, {"agent.py": AGENT.format(take=ADVANCED)})
    assert _found(tmp_path, monkeypatch) == set()


def test_files_that_import_each_other_and_say_nothing_of_keys_are_left_out(tmp_path, monkeypatch):
    _write(tmp_path, {"one.py": "import two\n\nONE = two\n", "two.py": "import one\n"})
    assert _found(tmp_path, monkeypatch) == set()
