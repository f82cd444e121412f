"""Whether a loop that looks at what it changes measures it."""

import pytest
from written import write

from keystream._evidence.figures import measures

MEASURES = {
    "it is printed": ("return x + normal(key)", "print(look(x, key))"),
    "it is only printed": ("return x + normal(key)", "y = look(x, key)\n    print(y.mean())"),
    "a number is made of it": ("return x + normal(key)", "found.append(float(look(x, key)))"),
    "it is a mean": ("return jnp.mean(x + normal(key))", "found.append(look(x, key))"),
    "it is the mean of a name": (
        "y = x + normal(key)\n    z = y.mean()\n    return -z",
        "found.append(look(x, key))",
    ),
    "it is one of several": ("y = normal(key)\n    return (y * x).sum(), y", "a, b = look(x, key)"),
    "a ratio": ("y = normal(key)\n    return y.sum() / 3", "found.append(look(x, key))"),
}
MAKES_DATA = {
    "it is kept as it is": ("return x + normal(key)", "found.append(look(x, key))"),
    "a row of means": ("return jnp.mean(x + normal(key), axis=0)", "found.append(look(x, key))"),
    "means of rows": ("return (x + normal(key)).mean(1)", "found.append(look(x, key))"),
    "it is bound and read": ("return x + normal(key)", "y = look(x, key)\n    found.append(y)"),
    "a mean is taken of something else": (
        "m = x.mean()\n    return x + normal(key)",
        "found.append(look(x, key))",
    ),
}


def look(tmp_path, text, call, more=""):
    program = (
        f"{more}def look(x, key):\n    {text}\n\nfor _ in range(3):\n    x = f(x)\n    {call}\n"
    )
    source = write(tmp_path, program)
    return measures(source.at("look(x, key)", 1), (source.at("normal(key)"),))


@pytest.mark.parametrize(("text", "call"), MEASURES.values(), ids=MEASURES)
def test_a_figure_is_a_measurement(tmp_path, text, call):
    assert look(tmp_path, text, call)


@pytest.mark.parametrize(("text", "call"), MAKES_DATA.values(), ids=MAKES_DATA)
def test_what_is_no_figure_is_none_where_nothing_is_trained(tmp_path, text, call):
    assert not look(tmp_path, text, call)


@pytest.mark.parametrize(("text", "call"), MAKES_DATA.values(), ids=MAKES_DATA)
def test_in_a_program_that_takes_gradients_whatever_is_looked_at_is_one(tmp_path, text, call):
    assert look(tmp_path, text, call, "def train(w):\n    return jax.grad(loss)(w)\n\n")


def test_the_gradient_may_stand_in_a_file_that_is_imported(tmp_path):
    text, call = MAKES_DATA["it is kept as it is"]
    (tmp_path / "steps.py").write_text("def step(w):\n    return w\n")
    assert not look(tmp_path, text, call, "from steps import step\n\n")
    (tmp_path / "training.py").write_text("step = jax.value_and_grad(loss)\n")
    assert look(tmp_path, text, call, "from training import step\n\n")


def test_a_function_that_hands_on_a_figure_gives_one(tmp_path):
    source = write(
        tmp_path,
        """
        def loss(x, key):
            return jnp.mean(x + normal(key))

        def score(x, key):
            return loss(x, key)

        for _ in range(3):
            found.append(score(x, key))
        """,
    )
    inside = source.at("normal(key)"), source.at("loss(x, key)", 1)
    assert measures(source.at("score(x, key)", 1), inside)
    assert not measures(source.at("score(x, key)", 1), inside[1:])


def test_a_draw_in_the_loop_itself_is_for_others_to_judge(tmp_path):
    source = write(tmp_path, "for _ in range(3):\n    found.append(normal(key))\n")
    assert measures(source.at("normal(key)"), ())
