"""How a call stands in the loop that repeats it. In each program `step(...)` is the call."""

import pytest
from written import write

from keystream._evidence import loops
from keystream._evidence.names import call_at
from keystream._evidence.source import loops_at, scope_of, statement


def turn(tmp_path, text, call="step("):
    place = write(tmp_path, text).at(call)
    return loops.turn_of(place, loops_at(place)[-1])


CARRIED = {
    "a state": "for x in xs:\n    w = step(w, x, k)",
    "an attribute of a trainer": "def fit(self):\n    for x in xs:\n        self.state = step(self.state, x, k)",
    "a part of what an attribute holds": "def fit(self):\n    for x in xs:\n        self.state = step(self.state.params, x, k)",
    "a tuple target": "for x, y in data:\n    state, loss = step(state, x, y, k)",
    "a nested tuple target": "for i, (x, y) in enumerate(data):\n    (w, m), loss = step(w, m, x, k)",
    "a starred target": "for x in xs:\n    w, *rest = step(w, x, k)",
    "an annotated target": "for x in xs:\n    w: Params = step(w, x, k)",
    "through another statement": "for x in xs:\n    g = step(w, x, k)\n    w = w - g",
    "through an augmented assignment": "for x in xs:\n    g = step(w, x, k)\n    w -= 0.1 * g",
    "through a method of an optimiser": "for x in xs:\n    g = step(w, x, k)\n    updates, s = opt.update(g, s)\n    w = apply(w, updates)",
    "a method for its effect": "for x in xs:\n    trainer.step(x, k)",
    "a function for its effect": "for x in xs:\n    step(model, x, k)",
    "within with": "for x in xs:\n    with scope() as s:\n        w = step(w, x, k)",
    "within match": "for x in xs:\n    match mode:\n        case 'train':\n            w = step(w, x, k)",
    "within try": "for x in xs:\n    try:\n        w = step(w, x, k)\n    except ValueError:\n        break",
    "within a branch": "for i in range(9):\n    if i % 2:\n        w = step(w, k)",
    "in a while": "while i < 9:\n    w = step(w, k)\n    i += 1",
    "in a while with a walrus": "while (x := next(it, None)) is not None:\n    w = step(w, x, k)",
    "by a walrus": "for x in xs:\n    if (w := step(w, x, k)) is None:\n        break",
    "in an outer loop": "for epoch in range(3):\n    for x in xs:\n        w = step(w, x, k)",
    "as a gradient": "for x in xs:\n    w = w - jax.grad(step(w, k))(w, x)",
}  # fmt: skip


@pytest.mark.parametrize("text", CARRIED.values(), ids=CARRIED)
def test_a_result_that_goes_into_a_later_turn_is_carried(tmp_path, text):
    assert turn(tmp_path, text).carried


NOT_CARRIED = {
    "a name of the turn": "for x in xs:\n    out = step(w, x, k)",
    "printed": "for x in xs:\n    print(step(w, x, k))",
    "a sum of results": "for x in xs:\n    total += step(w, x, k)",
    "a sum in two statements": "for x in xs:\n    out = step(w, x, k)\n    total += out",
    "collected": "for x in xs:\n    outs.append(step(w, x, k))",
    "kept by name": "for x in xs:\n    outs[x] = step(w, x, k)",
    "bound anew before the next turn": "for x in xs:\n    w = init()\n    w = step(w, x, k)",
    "another attribute": "def run(self):\n    for x in xs:\n        self.loss = step(self.params, x, k)",
    "a comprehension": "outs = [step(w, x, k) for x in xs]",
    "asserted": "for x in xs:\n    assert step(w, x, k) > 0",
}


@pytest.mark.parametrize("text", NOT_CARRIED.values(), ids=NOT_CARRIED)
def test_a_result_that_stays_in_its_turn_is_not_carried(tmp_path, text):
    assert not turn(tmp_path, text).carried


SETTINGS = {
    "numbers": "for lr in (0.1, 0.01):\n    r = step(lr, k)",
    "negative and made numbers": "for lr in [-1, 2 * 3, 1e-3]:\n    r = step(lr, k)",
    "texts": "for mode in {'a', 'b'}:\n    r = step(mode, k)",
    "functions": "for f in (relu, jax.nn.gelu, lambda x: x):\n    r = step(f, k)",
    "values of a dict": "for name, f in {'a': relu, 'b': gelu}.items():\n    r = step(f, k)",
    "records": "for config in (Config(rate=0.1), Config(rate=0.2)):\n    r = step(config, k)",
    "tuples": "for a, b in ((1, 2), (3, 4)):\n    r = step(a, b, k)",
    "dicts": "for o in ({'rate': 0.1}, {'rate': 0.2}):\n    r = step(o, k)",
    "spaced evenly": "for lr in jnp.linspace(0, 1, 5):\n    r = step(lr, k)",
    "counted": "for i, lr in enumerate((0.1, 0.2)):\n    r = step(lr, k)",
    "zipped": "for lr, x in zip((0.1, 0.2), xs):\n    r = step(lr, k)",
    "all pairs": "for a, b in itertools.product(xs, ys):\n    r = step(a, b, k)",
    "by name": "rates = (0.1, 0.2)\nfor lr in rates:\n    r = step(lr, k)",
    "by names of names": "a = (0.1, 0.2)\nb = a\nfor lr in b:\n    r = step(lr, k)",
    "through a statement": "for lr in (0.1, 0.2):\n    o = make(lr)\n    r = step(o, k)",
    "in a comprehension": "r = [step(lr, k) for lr in (0.1, 0.2)]",
    "in a dict comprehension": "r = {lr: step(lr, k) for lr in (0.1, 0.2)}",
}


@pytest.mark.parametrize("text", SETTINGS.values(), ids=SETTINGS)
def test_values_that_are_written_out_are_settings(tmp_path, text):
    found = turn(tmp_path, text)
    assert found.settings
    assert found.varied


NO_SETTINGS = {
    "a range": "for i in range(3):\n    r = step(i, k)",
    "data": "for x in xs:\n    r = step(x, k)",
    "arrays": "for x in (load(1), load(2)):\n    r = step(x, k)",
    "values that the call is not given": "for lr in (0.1, 0.2):\n    r = step(w, k)",
    "a name that is bound twice": "rates = (0.1, 0.2)\nrates = xs\nfor lr in rates:\n    r = step(lr, k)",
    "nothing": "for lr in ():\n    r = step(lr, k)",
    "a while": "while lr < 1:\n    r = step(lr, k)\n    lr = lr * 2",
    "keys of data": "for lr in xs.keys():\n    r = step(lr, k)",
}


@pytest.mark.parametrize("text", NO_SETTINGS.values(), ids=NO_SETTINGS)
def test_anything_else_that_a_loop_runs_over_is_no_setting(tmp_path, text):
    assert not turn(tmp_path, text).settings


@pytest.mark.parametrize(
    ("text", "varied"),
    [
        ("for x in xs:\n    r = step(x, k)", True),
        ("for x in xs:\n    y = 2 * x\n    r = step(y, k)", True),
        ("for x in xs:\n    r = step(w, k)", False),
        ("for x in xs:\n    r = step(x=x, k=k)", True),
        ("for x in xs:\n    r = jax.grad(loss(x))(step(w, k))", False),
        ("for a, b in xs:\n    r = step(b, k)", True),
        ("for x in xs:\n    r = x.step(k)", True),
        ("for x in xs:\n    r = step().apply(w, x, k)", True),
        ("for x in xs:\n    r = step(x, k).mean()", True),
        ("for x in xs:\n    x = 0\n    r = step(x, k)", False),
        ("r = [step(x, k) for x in xs]", True),
        ("r = [step(w, k) for x in xs]", False),
    ],
)
def test_a_call_that_is_given_the_element_varies(tmp_path, text, varied):
    assert turn(tmp_path, text).varied is varied


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        ("for _ in range(3):\n    r = step(w, k)", True),
        ("for x in xs:\n    r = step(x, k)", False),
        ("for _ in range(3):\n    k = next(keys)\n    r = step(w, k)", False),
        ("for _ in range(3):\n    r = step(w, k)\n    w = w + r", False),
        ("while (x := next(it, None)) is not None:\n    r = step(x, k)", False),
        ("r = [step(w, k) for _ in range(3)]", True),
    ],
)
def test_turns_that_give_a_call_nothing_new_are_alike(tmp_path, text, alike):
    assert turn(tmp_path, text).alike is alike


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("for x in xs:\n    w = train(w, x)\n    r = step(w, k)", True),  # it looks at the training
        ("for x in xs:\n    self.w = train(self.w, x)\n    r = step(self.w, k)", True),
        ("for x in xs:\n    w = train(w, x)\n    r = step(x, k)", False),
        ("for x in xs:\n    w = train(w, x)\n    r = step(w, x, k)", False),
        ("for x in xs:\n    w = make(x)\n    r = step(w, k)", False),
        ("for x in xs:\n    r = step(w, k)", False),
        ("for x in xs:\n    s = train(s, x)\n    w = weights(s)\n    r = step(w, k)", True),
        ("for x in xs:\n    w = train(w, x)\n    y = data[:8]\n    r = step(w, y, k)", True),
        ("for x in xs:\n    w = train(w, x)\n    y = next(it)\n    r = step(w, y, k)", False),
        ("for x in xs:\n    w = train(w, x)\n    y = rng.choice(xs)\n    r = step(w, y, k)", False),
        ("for x in xs:\n    w, y = train(w, x)\n    r = step(w, y, k)", False),
        ("for x in xs:\n    w = train(w, x)\n    for y in ys:\n        r = step(w, y, k)", True),
        ("for e in n:\n    s.set(e)\n    for y in step(s, k):\n        w = train(w, y)", False),
    ],
)
def test_a_call_that_is_given_what_the_loop_carries_looks_at_a_state(tmp_path, text, state):
    assert turn(tmp_path, text).state is state


@pytest.mark.parametrize(
    ("text", "carried"),
    [
        ("for x in xs:\n    w = step(w, k)", True),
        ("for x in xs:\n    w = w - step(w, k)", True),
        ("for x in xs:\n    w -= step(w, k)", True),
        ("for x in xs:\n    total = total + step(w, k)", False),
        ("for x in xs:\n    total += step(w, k)", False),
        ("for x in xs:\n    best = max(best, step(w, k))", False),
        ("for x in xs:\n    w = fit(w, step(x, k))", True),
    ],
)
def test_a_sum_or_the_best_of_results_goes_back_into_no_call(tmp_path, text, carried):
    assert turn(tmp_path, text).carried is carried


@pytest.mark.parametrize("how", ["print", "log.info", "click.echo", "logging.warning"])
def test_a_result_that_is_printed_or_logged_changes_nothing(tmp_path, how):
    found = turn(tmp_path, f"for x in xs:\n    w = train(w, x)\n    {how}('loss', step(w, k))")
    assert found.state
    assert not found.carried


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("for _ in range(3):\n    r = step(w, k)", True),
        ("for _ in range(3):\n    rs.append(step(w, k))", True),
        ("for _ in range(3):\n    print(step(w, k))", False),
        ("r = [step(w, k) for _ in range(3)]", True),
    ],
)
def test_a_result_that_is_bound_or_kept_is_used(tmp_path, text, used):
    assert turn(tmp_path, text).used is used


COMPARED = {
    "by elements of a list": "outs = []\nfor _ in range(2):\n    outs.append(step(k))\nassert (outs[0] == outs[1]).all()",
    "by names of a list": "outs = []\nfor _ in range(2):\n    r = step(k)\n    outs.append(r)\na, b = outs\nassert np.allclose(a, b)",
    "by entries of a dict": "for name in ('a', 'b'):\n    outs[name] = step(k)\nassert outs['a'] == outs['b']",
    "with the first": "first = None\nfor _ in range(3):\n    r = step(k)\n    if first is None:\n        first = r\n    assert r == first",
    "with the turn before": "for _ in range(3):\n    r = step(k)\n    assert r == before\n    before = r",
    "by how many differ": "outs = []\nfor _ in range(3):\n    outs.append(step(k))\nassert len(set(outs)) == 1",
    "by how many texts differ": "outs = []\nfor _ in range(3):\n    outs.append(step(k))\nassert len({str(o) for o in outs}) == 1",
    "all with the first": "outs = []\nfor _ in range(3):\n    outs.append(step(k))\nassert all(np.array_equal(o, outs[0]) for o in outs)",
    "in a loop over them": "outs = []\nfor _ in range(3):\n    outs.append(step(k))\nfor o in outs:\n    assert o == outs[0]",
    "a list that is made at once": "outs = [step(k) for _ in range(2)]\nassert (outs[0] == outs[1]).all()",
    "a pair that is made at once": "a, b = (step(k) for _ in range(2))\nassert (a == b).all()",
}  # fmt: skip


@pytest.mark.parametrize("text", COMPARED.values(), ids=COMPARED)
def test_results_of_turns_that_meet_in_a_comparison_are_compared(tmp_path, text):
    assert turn(tmp_path, text).compared


NOT_COMPARED = {
    "each with the labels": "for x, y in data:\n    r = step(x, k)\n    hits += (r == y).sum()",
    "each of a list with the labels": "outs = []\nfor x in xs:\n    outs.append(step(x, k))\nassert outs[0] == y",
    "the shapes of a list": "outs = []\nfor x in xs:\n    outs.append(step(x, k))\nassert outs[0].shape == outs[1].shape",
    "how many there are": "outs = []\nfor x in xs:\n    outs.append(step(x, k))\nassert len(outs) == 3",
    "the number of the turn": "for i in range(3):\n    r = step(k)\n    if i == 0:\n        first = r",
    "another list": "outs = []\nfor x in xs:\n    outs.append(step(x, k))\nassert others[0] == others[1]",
    "nothing": "for x in xs:\n    r = step(x, k)",
    "a list of other results": "outs = [step(k) for _ in range(2)]\nassert others[0] == others[1]",
}  # fmt: skip


@pytest.mark.parametrize("text", NOT_COMPARED.values(), ids=NOT_COMPARED)
def test_results_of_turns_that_are_held_against_anything_else_are_not_compared(tmp_path, text):
    assert not turn(tmp_path, text).compared


def test_a_turn_names_the_line_where_its_loop_begins(tmp_path):
    found = turn(tmp_path, "def f():\n    for x in xs:\n\n        w = step(w, k)")
    assert (found.line.line, found.line.function) == (2, "f")


# Which loop repeats a call.


def between(tmp_path, text):
    source = write(tmp_path, text)
    loop = loops.loop_between(source.at("step("), source.at("key("))
    return getattr(loop, "lineno", None)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("k = key(0)\nfor x in xs:\n    step(k)", 2),
        ("for x in xs:\n    k = key(0)\n    step(k)", None),
        ("for e in es:\n    k = key(0)\n    for x in xs:\n        step(k)", 3),
        ("k = key(0)\nfor e in es:\n    for x in xs:\n        step(k)", 2),
        ("k = key(0)\nstep(k)", None),
        ("k = key(0)\nfor x in xs:\n    pass\nelse:\n    step(k)", None),
        ("def f():\n    return key(0)\nfor x in xs:\n    step(f())", 3),
    ],
)
def test_the_outermost_loop_that_does_not_make_the_key_anew_repeats_it(tmp_path, text, line):
    assert between(tmp_path, text) == line


def test_a_key_whose_making_is_unknown_is_repeated_by_the_outermost_loop(tmp_path):
    place = write(tmp_path, "for x in xs:\n    step(k)").at("step(")
    assert loops.loop_between(place, None) is loops_at(place)[-1]


# What a call is given that differs with the turn.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for x in xs:\n    r = step(w, x, k)", ["x"]),
        ("for x in xs:\n    y = x + 1\n    r = step(w, y, data=x)", ["y", "x"]),
        ("for x in xs:\n    w = step(w, x)", ["w", "x"]),
        ("for x in xs:\n    r = step(w, 0)\n    train(w)", ["w"]),
        ("for x in xs:\n    r = step(w, 0)\n    print(r)", []),
        ("for x in xs:\n    w.fit(x)\n    r = step(w, 0)", ["w"]),
        ("import jax\nfor x in xs:\n    jax.random.split(k)\n    r = step(w, 0)", []),
        ("r = [step(w, x) for x in xs]", ["x"]),
        ("while x:\n    r = step(w, x)", []),
        ("for x in xs:\n    r = step(w.v, 0)\n    tune(w)", ["w.v"]),
        ("for x in xs:\n    r = step(w, 0)", []),
    ],
)
def test_what_is_given_differs_with_the_element_or_by_what_others_make_of_it(
    tmp_path, text, expected
):
    import ast

    place = write(tmp_path, text).at("step(")
    node, scope = statement(place), scope_of(place)
    assert node is not None
    assert scope is not None
    call = call_at(node, place)
    assert call is not None
    found = loops.changed_arguments(call, loops_at(place)[-1], scope)
    assert [ast.unparse(each) for each in found] == expected


def test_a_call_in_a_file_that_cannot_be_read_has_no_turn(tmp_path):
    import ast

    from keystream._findings import Location

    loop = ast.parse("for x in xs:\n    pass").body[0]
    assert isinstance(loop, ast.For)
    assert loops.turn_of(Location(str(tmp_path / "gone.py"), 1), loop) is None
