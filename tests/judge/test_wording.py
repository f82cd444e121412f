"""A mistake in the reader's own names: which variable holds the key, and how the line reads with another."""

import pytest
from written import write

from keystream._evidence.uses import Site
from keystream._findings import Location
from keystream._judge.handing import handed
from keystream._judge.wording import framework, given


def name_at(tmp_path, text, use="use(", *makers):
    """The name under which `use(` is given the key that `key(` makes."""
    source = write(tmp_path, text)
    made = tuple(source.at(each) for each in makers or ("key(",))
    found = given(source.at(use), made)
    return found.name if found is not None else None


NAMES = {
    "a name": ("rng = key(0)\nuse(rng)", "rng"),
    "an annotated name": ("rng: Key = key(0)\nuse(rng)", "rng"),
    "one of two": ("rng, w = key(0), zeros(3)\nuse(w, rng)", "rng"),
    "the other of two": ("w, rng = zeros(3), key(0)\nuse(w, rng)", "rng"),
    "half of a split": ("rng, sub = key(0)\nuse(w, sub)", "sub"),
    "an element": ("rng = key(0)[1]\nuse(rng)", "rng"),
    "one of two ways": ("rng = key(0) if fresh else saved\nuse(rng)", "rng"),
    "the element of a loop": ("for i, rng in enumerate(key(0)):\n    use(w, rng)", "rng"),
    "by keyword": ("rng = key(0)\nuse(w, rngs={'dropout': rng})", "rng"),
    "in a chain of calls": ("rng = key(0)\nuse(Config()).apply(w, rng).mean()", "rng"),
    "two names at once": ("rng = root = key(0)\nuse(root)", "root"),
    "an attribute": ("self.rng = key(0)\nuse(self.state, self.rng)", "self.rng"),
    "half of a split, an attribute": ("a, self.rng = key(0)\nuse(self, w, self.rng)", "self.rng"),
    "within an argument": ("rng = key(0)\nuse(w, Rngs(dropout=rng))", "rng"),
}


@pytest.mark.parametrize(("text", "name"), NAMES.values(), ids=NAMES)
def test_the_name_that_holds_a_key_is_what_its_making_was_bound_to(tmp_path, text, name):
    assert name_at(tmp_path, text) == name


NOTHING = {
    "another name": "rng = key(0)\nuse(w)",
    "an object made of it": "net = Net(key(0))\nuse(net)",
    "a dict that holds it": "rngs = {'dropout': key(0)}\nuse(rngs)",
    "a function that makes it": "net = transform(lambda x: key(0))\nuse(net)",
    "the statement itself": "w = use(w, key(0))",
    "a value beside it": "rng, w = key(0), zeros(3)\nuse(w)",
    "an argument of another call": "rng = key(0)\na = use(w) + other(rng)",
    "the body of a loop": "rng = key(0)\nfor x in use(xs):\n    other(rng)",
    "a declaration without a value": "rng: Key\nuse(rng)\nkey(0)",
}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_what_holds_something_else_is_no_name_of_the_key(tmp_path, text):
    assert name_at(tmp_path, text) is None


def test_of_several_makings_the_nearest_gives_the_name(tmp_path):
    text = "root = key(0)\nrng = fold(root, 1)\nuse(root, rng)"
    assert name_at(tmp_path, text, "use(", "fold(", "key(") == "rng"
    assert name_at(tmp_path, text, "use(", "key(", "fold(") == "root"


def test_the_first_argument_of_a_sampler_is_its_key_whoever_made_it(tmp_path):
    source = write(tmp_path, "def f(rng):\n    return jax.random.normal(rng, (3,))\n")
    found = given(source.at("jax.random"), ())
    assert found is not None
    assert found.name == "rng"
    source = write(tmp_path, "def f(rng):\n    return model.normal(rng, (3,))\n", "other.py")
    assert given(source.at("model."), ()) is None


def test_a_key_of_another_file_has_no_name_here(tmp_path):
    source = write(tmp_path, "use(rng)")
    other = write(tmp_path, "rng = key(0)", "other.py")
    assert given(source.at("use("), (other.at("key("),)) is None
    assert given(Location(str(tmp_path / "gone.py"), 1), ()) is None


def rewritten(tmp_path, text, use="use("):
    source = write(tmp_path, text)
    found = given(source.at(use), (source.at("key("),))
    assert found is not None
    return found.with_key("step_key")


REWRITTEN = {
    "a statement": ("rng = key(0)\na = use(w, rng)", "a = use(w, step_key)"),
    "of the name alone": ("rng = key(0)\na = use(rng_of, rng)", "a = use(rng_of, step_key)"),
    "in a block": ("rng = key(0)\nfor x in xs:\n    a = use(x, rng)", "a = use(x, step_key)"),
    "on several lines": (
        "rng = key(0)\na = use(\n    w,\n    rng,\n)",
        "a = use(\n    w,\n    step_key,\n)",
    ),
    "the header of a block": ("rng = key(0)\nwhile use(rng):\n    pass", "while use(step_key):"),
    "one of two calls": ("rng = key(0)\na = use(rng) + other(rng)", "a = use(step_key) + other(rng)"),
    "beside letters of two bytes": ("rng = key(0)\nα = use('é', rng)", "α = use('é', step_key)"),
    "in a return": ("rng = key(0)\ndef f():\n    return use(rng)", "return use(step_key)"),
    "a sum": ("rng = key(0)\na += use(rng)", "a += use(step_key)"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), REWRITTEN.values(), ids=REWRITTEN)
def test_a_statement_is_rewritten_with_another_key(tmp_path, text, expected):
    assert rewritten(tmp_path, text) == expected


def test_a_file_that_was_written_anew_is_rewritten_as_it_is_now(tmp_path):
    assert rewritten(tmp_path, "rng = key(0)\na = use(w, rng)") == "a = use(w, step_key)"
    text = "import jax\n\nrng = key(0)\nb = use(rng)"
    assert rewritten(tmp_path, text) == "b = use(step_key)"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/lib/flax/nnx/rnglib.py", "nnx"),
        ("/lib/flax/linen/stochastic.py", "linen"),
        ("/lib/haiku/_src/basic.py", "haiku"),
        ("/lib/equinox/nn/_dropout.py", "equinox"),
        ("/lib/keras/src/layer.py", "keras"),
        ("/lib/numpyro/distributions/util.py", "numpyro"),
        ("/lib/jax/_src/random.py", ""),
        ("/home/me/flaxen.py", ""),
    ],
)
def test_the_framework_on_the_way_to_a_draw_is_named(path, name):
    place = Location(path, 1)
    assert framework(Site("draw", library=(place,))) == name
    assert framework(Site("draw"), Site("draw", trail=(place,))) == name


HANDED = {
    "by position": ("def f(w, rng):\n    use(rng)\nroot = key(0)\nf(w, root)", ["root", "rng"]),
    "by keyword": ("def f(*, rng):\n    use(rng)\nroot = key(0)\nf(rng=root)", ["root", "rng"]),
    "to a method": (
        "class A:\n    def f(self, w, rng):\n        use(rng)\nroot = key(0)\nA().f(w, root)",
        ["root", "rng"],
    ),
    "under another parameter": (
        "def f(a, b):\n    use(a)\nroot = key(0)\nf(w, root)",
        ["root", None],
    ),
    "within an argument": (
        "def f(rngs):\n    use(rngs)\nroot = key(0)\nf({'dropout': root})",
        ["root", None],
    ),
}


@pytest.mark.parametrize(("text", "names"), HANDED.values(), ids=HANDED)
def test_a_parameter_is_a_name_of_the_key_that_its_caller_hands_it(tmp_path, text, names):
    source = write(tmp_path, text)
    line = text.count("\n") + 1  # the last one calls
    outer = Location(source.path, line, 1, "<module>")
    found = handed((source.at("use("), outer), (source.at("key("),))
    assert [each.name if each is not None else None for each in found] == names


def test_an_attribute_is_replaced_as_a_whole(tmp_path):
    source = write(tmp_path, "self.rng = key(0)\nself.w = use(self.w, self.rng)")
    found = given(source.at("use("), (source.at("key("),))
    assert found is not None
    assert found.with_key("step_key") == "self.w = use(self.w, step_key)"
