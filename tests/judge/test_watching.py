"""Whether a loop looks at an object that another of its methods changes."""

import pytest
from written import write

from keystream._evidence.watching import watches_object

CLASS = """
class Model:
    def fit(self, x):
        self.w = x
        return x
    def draw(self, key):
        return self.w + normal(key)
    def show(self, key, x):
        print(x, self.draw(key))
    def step(self, key):
        self.w = normal(key)
    def name(self):
        return "model"
"""
LOOKS = {
    "a figure is printed": "    model.fit(x)\n    y = model.draw(key)\n    print(y.mean())",
    "another form of it": "    model.fit(x)\n    y = np.asarray(model.draw(key)).mean()",
    "kept in a list": "    loss = model.fit(x)\n    y = model.draw(key)\n    found.append(y)",
}
LOOKS |= {
    "the loop sets what it reads": "    model.w = step(model.w, x)\n    print(model.draw(key))",
    "it is shown by itself": "    model.w = step(model.w, x)\n    model.show(key, x)",
}
DOES_MORE = {
    "the loop sets something else": "    model.n = model.n + 1\n    y = model.draw(key)",
    "what is made of it is trained on": (
        "    y = model.draw(key)\n    model.w = step(model.w, y)\n    print(x)"
    ),
    "nothing changes it": "    y = model.draw(key)\n    print(model.name(), y)",
    "the method changes it": "    model.fit(x)\n    y = model.step(key)",
    "it goes back": "    y = model.draw(key)\n    model.fit(y)",
    "what is made of it goes back": "    y = model.draw(key)\n    z = y + 1\n    model.fit(z)",
    "another object takes it": "    model.fit(x)\n    y = model.draw(key)\n    world.act(y)",
    "another object takes it at once": "    model.fit(x)\n    r = world.act(model.draw(key))",
    "the next turn takes it": "    model.fit(x)\n    z = f(y)\n    y = model.draw(key)",
    "another object changes": "    other.fit(x)\n    y = model.draw(key)",
}


def looks(tmp_path, body):
    """Whether the call of ``draw`` (or ``step``) in a loop with a body looks."""
    source = write(tmp_path, f"import numpy as np\n{CLASS}\nfor x in xs:\n{body}\n")
    names = ("model.draw(", "model.show(", "model.step(")
    method = next(name for name in names if name in source.text)
    inner = (
        source.at("print(x, self") if "show" in method else source.at("normal(", "step" in method)
    )
    return watches_object((inner, source.at(method)), source.at(method))


@pytest.mark.parametrize("body", LOOKS.values(), ids=LOOKS)
def test_an_object_that_is_changed_and_looked_at_is_watched(tmp_path, body):
    assert looks(tmp_path, body)


@pytest.mark.parametrize("body", DOES_MORE.values(), ids=DOES_MORE)
def test_what_does_more_than_look_is_not(tmp_path, body):
    assert not looks(tmp_path, body)
