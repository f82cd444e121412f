"""What a function does with two results: compares them, drops one, feeds one to the other, uses both.

In each program `one(...)` is the earlier call and `two(...)` the later.
"""

import pytest
from written import write

from keystream._evidence import flow
from keystream._evidence.flow import Meeting
from keystream._evidence.names import call_at
from keystream._evidence.source import called, statement
from keystream._findings import Location


def met(tmp_path, text, *, pure=True):
    """What becomes of the results of `one(` and `two(` in a program."""
    source = write(tmp_path, text)
    return flow.meeting(source.at("one("), source.at("two("), pure=lambda _: pure)


COMPARED = {
    "with ==": "a = one(k)\nb = two(k)\nassert a == b",
    "with != in a condition": "a = one(k)\nb = two(k)\nif a != b:\n    raise ValueError",
    "by all of an array": "a = one(k)\nb = two(k)\nprint((a == b).all())",
    "by NumPy": "a = one(k)\nb = two(k)\nsame = np.allclose(a, b)",
    "by an assertion of NumPy": "a = one(k)\nb = two(k)\nnp.testing.assert_array_equal(a, b)",
    "by unittest": "def test(self):\n    a = one(k)\n    b = two(k)\n    self.assertEqual(a, b)",
    "leaf by leaf": "a = one(k)\nb = two(k)\njax.tree.map(np.testing.assert_allclose, a, b)",
    "in one statement": "assert (one(k) == two(k)).all()",
    "as hosts' arrays": "a = np.asarray(one(k))\nb = np.asarray(two(k))\nassert np.array_equal(a, b)",
    "under other names": "a = one(k)\nb = two(k)\nx = np.asarray(a)\ny = np.asarray(b)\nassert (x == y).all()",
    "by sums": "a = one(k)\nb = two(k)\nassert float(a.sum()) == float(b.sum())",
    "by elements": "a = one(k)\nb = two(k)\nassert a[0] == b[0]",
    "of tuples": "a, s = one(k)\nb, t = two(k)\nassert (a == b).all()",
    "as attributes": "def test(self):\n    self.a = one(k)\n    self.b = two(k)\n    assert self.a == self.b",
    "by an attribute of a state": "a = one(k)\nb = two(k)\nassert np.allclose(a.params, b.params)",
    "in a chain": "a = one(k)\nb = two(k)\nassert 0 == a == b",
    "in a conditional expression": "a = one(k)\nb = two(k)\nverdict = 'same' if a == b else 'other'",
    "in a comprehension": "a = one(k)\nb = two(k)\nok = [w for w in range(3) if a == b]",
    "within with": "with scope() as s:\n    a = one(k)\n    b = two(k)\n    assert (a == b).all()",
    "within match": "match mode:\n    case 'x':\n        a = one(k)\n        b = two(k)\n        assert a == b",
}


@pytest.mark.parametrize("text", COMPARED.values(), ids=COMPARED)
def test_two_results_that_are_compared_with_each_other_are_compared(tmp_path, text):
    assert met(tmp_path, text) is Meeting.COMPARED


NOT_COMPARED = {
    "each with a third": "a = one(k)\nb = two(k)\nprint((a == y).mean(), (b == y).mean())",
    "both on one side": "a = one(k)\nb = two(k)\nprint((a + b == y).mean())",
    "one with itself": "a = one(k)\nb = two(k)\nassert (a == a).all()\nreturned = a + b",
    "other values": "a = one(k)\nb = two(k)\nw = a + b if 1 == 1 else None",
    "by what is made of them": "a = one(k)\nb = two(k)\nassert judge(a) == judge(b)",
    "by order": "a = one(k)\nb = two(k)\nassert (a < b).all()",
    "by identity": "a = one(k)\nb = two(k)\nassert a is not b",
    "by shape": "a = one(k)\nb = two(k)\nassert a.shape == b.shape",
    "by size": "a = one(k)\nb = two(k)\nassert a.shape[0] == b.shape[0]",
    "by dtype in one statement": "assert one(k).dtype == two(k).dtype",
    "by length": "a = one(k)\nb = two(k)\nassert len(a) == len(b)",
    "by an assertion about shapes": "a = one(k)\nb = two(k)\nchex.assert_trees_all_equal_shapes(a, b)",
    "each to a constant": "a = one(k)\nb = two(k)\nnp.testing.assert_equal(a, 0)\nnp.testing.assert_equal(b, 0)",
    "a difference of two inputs": "gain = one(x, k) - two(y, k)",
    "a name that was bound anew": "a = one(k)\nw = w + a\na = labels()\nb = two(k)\nw = (a == b) * w",
    "a comment": "a = one(k)\nb = two(k)\nc = a + b  # a == b",
}


@pytest.mark.parametrize("text", NOT_COMPARED.values(), ids=NOT_COMPARED)
def test_a_comparison_of_anything_else_compares_no_results(tmp_path, text):
    assert met(tmp_path, text) is not Meeting.COMPARED


UNUSED = {
    "a warm-up": "one(k)\nb = two(k)\nprint(b)",
    "a warm-up that is waited for": "one(k).block_until_ready()\nb = two(k)\nprint(b)",
    "a warm-up that JAX waits for": "jax.block_until_ready(one(k))\nb = two(k)\nprint(b)",
    "a name that nobody reads": "def f():\n    a = one(k)\n    b = two(k)\n    print(b)",
    "the later": "a = one(k)\n_ = two(k)\nprint(a)",
    "an annotated name": "def f():\n    a: float = one(k)\n    b = two(k)\n    print(b)",
    "bound anew before it is read": "a = one(k)\na = two(k)\nprint(a)",
    "a tuple that nobody reads": "def f():\n    a, s = one(k)\n    b = two(k)\n    print(b)",
    "the later leaves without it": (
        "def f(a):\n    if a is None:\n        a = one(k)\n    if n:\n        return two(k)\n    return a"
    ),
    "deleted": "def f():\n    a = one(k)\n    b = two(k)\n    del a\n    print(b)",
}


@pytest.mark.parametrize("text", UNUSED.values(), ids=UNUSED)
def test_a_result_that_nobody_reads_is_unused(tmp_path, text):
    assert met(tmp_path, text) is Meeting.UNUSED


USED = {
    "printed": "a = one(k)\nb = two(k)\nprint(a, b)",
    "printed at once": "print(one(k))\nb = two(k)\nprint(b)",
    "kept in an object": "def f(self):\n    self.a = one(k)\n    b = two(k)\n    print(b)",
    "kept in a dict": "runs['a'] = one(k)\nb = two(k)\nprint(b)",
    "read by a function that is defined beside": "def show():\n    print(a)\na = one(k)\nb = two(k)\nprint(b)\nshow()",
    "read in the next turn of a loop": "a = 0\nfor x in xs:\n    w = w + a\n    a = one(k)\n    b = two(k)\nprint(b)",
    "half of a tuple": "a, _ = one(k)\nb = two(k)\nprint(b)\nprint(a)",
    "a sum goes on": "a = one(k)\na += two(k)\nprint(a)",
    "bound anew in another branch": "for i in range(4):\n    if i % 2:\n        a = one(k)\n    else:\n        a = two(k)\n    w = w + a",
    "bound anew in some turns": "for i in range(4):\n    a = one(k)\n    if i % 2:\n        a = two(k)\n    w = w + a",
    "by a walrus": "if (a := one(k)) is not None:\n    w = w + a\nb = two(k)\nprint(b)",
    "by another call": "save(one(k))\nb = two(k)\nprint(b)",
    "kept in a list": "runs.append(one(k))\nothers.append(two(k))",
    "in a comprehension": "a = one(k)\nb = two(k)\nprint([a for _ in range(3)], b)",
    "in an f-string": "a = one(k)\nb = two(k)\nprint(f'{a} {b}')",
    "in the condition of a while": "a = one(k)\nb = two(k)\nwhile a > b:\n    b = b + 1",
    "as the subject of a match": "a = one(k)\nb = two(k)\nmatch a:\n    case 1:\n        print(b)",
    "as a context": "with one(k) as a:\n    b = two(k)\nprint(b)",
    "returned": "def f():\n    a = one(k)\n    b = two(k)\n    return a, b",
    "the later leaves with it": "def f():\n    a = one(k)\n    if n:\n        return two(k) + a\n    return a",
    "read by a lambda that stands before": "def f(a):\n    g = lambda: a\n    a = one(k)\n    if n:\n        return g, two(k)\n    return a",
    "deferred to a lambda": "a = one(k)\nb = two(k)\nf = lambda: a + b\nprint(f())",
    "read after another arm bound it": "try:\n    a = one(k)\nexcept ValueError:\n    a = 0\nb = two(k)\nprint(a, b)",
}  # fmt: skip


@pytest.mark.parametrize("text", USED.values(), ids=USED)
def test_a_result_that_somebody_reads_is_used(tmp_path, text):
    assert met(tmp_path, text) is not Meeting.UNUSED


def test_a_call_for_its_effect_is_not_unused(tmp_path):
    text = "one(k)\nb = two(k)\nprint(b)"
    assert met(tmp_path, text, pure=False) is not Meeting.UNUSED
    text = "loss = one(net, k)\nloss = two(net, k)\nprint(loss)"  # as of a trainer that keeps its state
    assert met(tmp_path, text, pure=False) is not Meeting.UNUSED


def test_each_of_two_calls_is_asked_whether_it_is_pure(tmp_path):
    source = write(tmp_path, "one(k)\ntwo(k)")
    asked = []
    flow.meeting(source.at("one("), source.at("two("), pure=lambda place: asked.append(place.line))
    assert asked == [1, 2]


FED = {
    "by the same name": "w = one(w, k)\nw = two(w, k)",
    "by another name": "a = one(k)\nb = two(a, k)\nprint(b)",
    "through a third": "a = one(k)\nc = a * 2\nb = two(c, k)\nprint(b)",
    "as an attribute": "def fit(self):\n    self.state = one(self.state, k)\n    self.state = two(self.state, k)",
    "as a part of an object": "def fit(self):\n    self.state = one(self.state, k)\n    self.loss = two(self.state.params, k)",
    "from a tuple": "w, loss = one(w, k)\nw, loss = two(w, k)\nprint(w)",
    "through a method for effect": "a = one(k)\nnet.load(a)\nb = two(net, k)\nprint(b)",
    "through a container": "a = one(k)\nruns.append(a)\nb = two(runs, k)\nprint(b)",
    "after a sum": "w += one(k)\nb = two(w, k)\nprint(b)",
    "through a loop": "a = one(k)\nfor row in a:\n    b = two(row, k)\nprint(b)",
}  # fmt: skip


@pytest.mark.parametrize("text", FED.values(), ids=FED)
def test_a_later_call_that_takes_the_earlier_result_is_fed(tmp_path, text):
    assert met(tmp_path, text) is Meeting.FED


NOT_FED = {
    "a name that was bound anew": "a = one(k)\nprint(a)\na = 0\nb = two(a, k)\nprint(b)",
    "another attribute": "def f(self):\n    self.a = one(self.x, k)\n    self.b = two(self.x, k)",
    "a name that begins alike": "a = one(k)\nb = two(ab, k)\nprint(a + b)",
    "the key alone": "a = one(k)\nb = two(k)\nprint(a + b)",
}


@pytest.mark.parametrize("text", NOT_FED.values(), ids=NOT_FED)
def test_a_later_call_that_takes_anything_else_is_not_fed(tmp_path, text):
    assert met(tmp_path, text) is not Meeting.FED


JOINED = {
    "in one statement": "c = one(k) + two(k)",
    "in a later statement": "a = one(k)\nb = two(k)\nc = a + b",
    "in what is returned": "def f():\n    a = one(k)\n    b = two(k)\n    return a, b",
    "far away": "a = one(k)\nb = two(k)\nc = a * 2\nd = b * 2\ne = loss(c, d)",
    "in one sum": "w = 0\nw += one(k)\nw += two(k)\nprint(w)",
    "in one printed value": "print(one(k) + two(k))",
    "in one object": "def f(self):\n    self.a = one(k)\n    self.b = two(k)\n    return score(self)",
    "as arguments": "fit(one(k), two(k))",
}


@pytest.mark.parametrize("text", JOINED.values(), ids=JOINED)
def test_two_results_that_one_statement_takes_are_joined(tmp_path, text):
    assert met(tmp_path, text) is Meeting.JOINED


def test_two_results_kept_in_one_container_are_collected(tmp_path):
    assert met(tmp_path, "runs.append(one(k))\nruns.append(two(k))") is Meeting.COLLECTED
    assert met(tmp_path, "runs['a'] = one(k)\nruns['b'] = two(k)") is Meeting.COLLECTED
    assert met(tmp_path, "runs.a.append(one(k))\nruns.b.append(two(k))") is Meeting.APART


APART = {
    "printed after each other": "print(one(k))\nprint(two(k))",
    "printed beside each other": "print(one(k), two(k))",
    "printed together by name": "a = one(k)\nb = two(k)\nprint(a, b)",
    "of other inputs": "a = one(k)\nc = save(a)\nb = two(k)\nd = load(b)",
    "in two functions": "def f(k):\n    return one(k)\ndef g(k):\n    return two(k)",
}


@pytest.mark.parametrize("text", APART.values(), ids=APART)
def test_two_results_that_nothing_takes_together_are_apart(tmp_path, text):
    assert met(tmp_path, text, pure=False) is Meeting.APART


def test_results_in_a_file_that_cannot_be_read_are_apart(tmp_path):
    place = Location(str(tmp_path / "gone.py"), 1)
    assert flow.meeting(place, place, pure=lambda _: True) is Meeting.APART


# What reads a result, and what returns it.


def test_the_next_line_that_reads_a_result_is_found(tmp_path):
    source = write(
        tmp_path, "def f():\n    a = one(k)\n    c = 3\n    b = a + c\n    return two(b)"
    )
    reader = flow.reader_of(source.at("one("))
    assert reader is not None
    assert reader.line == 4
    assert flow.reader_of(source.at("two(")) is None


def test_no_line_of_another_function_reads_a_result(tmp_path):
    source = write(tmp_path, "def f():\n    a = one(k)\ndef g(a):\n    return two(a)")
    assert flow.reader_of(source.at("one(")) is None


RETURNED = {
    "at once": "def f():\n    return one(k)",
    "by a name": "def f():\n    a = one(k)\n    return a",
    "in another form": "def f():\n    a = one(k)\n    b = a * 2\n    return {'loss': b}",
    "from a loop": "def f():\n    for x in xs:\n        w = one(w, k)\n    return w",
}


@pytest.mark.parametrize("text", RETURNED.values(), ids=RETURNED)
def test_a_result_that_its_function_returns_is_returned(tmp_path, text):
    assert flow.returned(write(tmp_path, text).at("one("))


@pytest.mark.parametrize(
    "text", ["def f():\n    a = one(k)\n    print(a)\n    return 0", "a = one(k)\nprint(a)"]
)
def test_a_result_that_its_function_keeps_is_not_returned(tmp_path, text):
    assert not flow.returned(write(tmp_path, text).at("one("))


def test_the_innermost_call_at_a_place_is_found(tmp_path):
    source = write(tmp_path, "a = outer(one(k), two(k))")
    node = statement(source.at("one("))
    assert node is not None
    call = call_at(node, source.at("two("))
    assert call is not None
    assert called(call.func) == "two"


# `init(` stands for a model's: what it draws is given up where only its form is read.
FORMS = {
    "overwritten by Flax": "    p = from_bytes(p, two(k))\n    return p",
    "overwritten by a checkpoint": "    p = restore_checkpoint(path, target=p)\n    return p + two(k)",
    "overwritten by Equinox": "    p = tree_deserialise_leaves(path, p)\n    return p + two(k)",
    "told to Orbax": "    p = m.restore(StandardRestore(p))\n    return p + two(k)",
    "an empty cache": "    c = p['cache']\n    return c, two(k)",
}


@pytest.mark.parametrize("rest", FORMS.values(), ids=FORMS)
def test_what_is_read_for_its_form_alone_is_unused(tmp_path, rest):
    text = f"def f(k):\n    p = m.init(one(k))\n{rest}"
    assert met(tmp_path, text) is Meeting.UNUSED


NUMBERS = {
    "read before": "    show(p)\n    p = from_bytes(p, two(k))\n    return p",
    "read beside": "    p = from_bytes(p, two(k) + p)\n    return p",
    "overwritten if there is a file": "    if path:\n        p = from_bytes(p, data)\n    return p + two(k)",
    "kept under its own name": "    q = from_bytes(p, two(k))\n    return p + q",
    "the data of the restore": "    p = from_bytes(q, p)\n    return p + two(k)",
    "the weights": "    c = p['params']\n    return c, two(k)",
    "a layer": "    c = p['linear']\n    return c, two(k)",
}


@pytest.mark.parametrize("rest", NUMBERS.values(), ids=NUMBERS)
def test_numbers_that_are_read_are_used(tmp_path, rest):
    text = f"def f(k):\n    p = m.init(one(k))\n{rest}"
    assert met(tmp_path, text) is not Meeting.UNUSED
