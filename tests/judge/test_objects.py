"""What a draw is for in a method that takes its object a step further."""

import pytest
from written import write

from keystream._evidence.objects import Role, role_in_step

CLASS = """
class Trainer:
    def fit(self, batch):
        {fit}
        return self.loss(batch)
    def update(self, batch):
        self.w = self.w - 0.1 * grad(self.w, batch)
    def loss(self, batch):
        return batch @ self.w
    def noisy(self, batch):
        return batch + normal(self.key)

for batch in data:
    losses.append(trainer.fit(batch))
"""
STEPS = {
    "it trains on what it draws": "batch = self.noisy(batch)\n        self.w = step(self.w, batch)",
    "another method does": "batch = self.noisy(batch)\n        self.w = self.w - rate * self.update(batch)",
    "with a gradient of its own": (
        "g = grad(self.w, self.noisy(batch))\n        self.w = self.w - 0.1 * g"
    ),
    "added where it stands": "g = grad(self.w, self.noisy(batch))\n        self.w -= 0.1 * g",
    "beside its loss": "self.w, loss = step(self.w, self.noisy(batch))",
}
LOOKS = {
    "it measures after a step": "self.update(batch)\n        score = self.noisy(batch).mean()",
    "it keeps the score": "self.update(batch)\n        self.score = self.noisy(batch).mean()",
    "it keeps the best": "self.update(batch)\n        self.best = max(self.best, self.noisy(batch))",
    "it adds up scores": (
        "self.update(batch)\n        self.total = self.total + float(self.noisy(batch))"
    ),
    "it lists scores": "self.update(batch)\n        self.scores.append(self.noisy(batch))",
}
NEITHER = {
    "nothing is made of itself": "self.score = self.noisy(batch).mean()",
    "it counts": "self.count = self.count + 1\n        y = self.noisy(batch)",
    "only its key goes on": "self.key, sub = split(self.key)\n        y = self.noisy(batch)",
    "it adds up alone": "self.total += float(self.noisy(batch))",
}


def role(tmp_path, fit):
    """The role of the draw in ``noisy``, reached by the loop's call of ``fit``."""
    source = write(tmp_path, CLASS.replace("{fit}", fit))
    inside = (source.at("normal(self.key)"), source.at("self.noisy(batch)"))
    return role_in_step(source.at("trainer.fit(batch)"), inside)


@pytest.mark.parametrize("fit", STEPS.values(), ids=STEPS)
def test_what_the_next_state_is_made_of_is_part_of_the_step(tmp_path, fit):
    assert role(tmp_path, fit) is Role.STEP


@pytest.mark.parametrize("fit", LOOKS.values(), ids=LOOKS)
def test_what_the_object_does_not_go_on_with_is_looked_at(tmp_path, fit):
    assert role(tmp_path, fit) is Role.LOOK


@pytest.mark.parametrize("fit", NEITHER.values(), ids=NEITHER)
def test_a_method_that_trains_nothing_has_no_part_in_a_step(tmp_path, fit):
    assert role(tmp_path, fit) is None


def test_a_draw_in_the_loop_itself_has_none(tmp_path):
    source = write(tmp_path, CLASS.replace("{fit}", "self.w = step(self.w, self.noisy(batch))"))
    assert role_in_step(source.at("trainer.fit(batch)"), ()) is None


def test_a_function_of_that_name_is_no_method(tmp_path):
    source = write(tmp_path, "def fit(w):\n    w = f(w, normal(key))\n\nfor x in xs:\n    fit(w)\n")
    assert role_in_step(source.at("fit(w)", 1), (source.at("normal(key)"),)) is None


BUFFER = """
class Buffer:
    def sample(self, n):
        return self.rows[normal(self.key, n)]
    def add(self, row):
        self.rows = append(self.rows, row)

class Agent:
    def learn(self, batch):
        *rest, loss = self.update(self.w, self.opt, batch)
        self.w, self.opt = rest
        return loss
    def score(self, batch):
        self.last = batch @ self.w
        return self.last

for row in data:
    buffer.add(row)
    {given}
"""
GIVEN = {
    "at once": "loss = agent.learn(buffer.sample(3))",
    "in a form": "loss = agent.learn(np.asarray(buffer.sample(3)))",
    "by a keyword": "loss = agent.learn(batch=buffer.sample(3))",
}
NOT_GIVEN = {
    "to a method that looks": "loss = agent.score(buffer.sample(3))",
    "to a function": "loss = learn(buffer.sample(3))",
    "to nothing": "batch = buffer.sample(3)",
}


def given(tmp_path, text):
    source = write(tmp_path, BUFFER.replace("{given}", text))
    return role_in_step(source.at("buffer.sample(3)"), (source.at("normal(self.key, n)"),))


@pytest.mark.parametrize("text", GIVEN.values(), ids=GIVEN)
def test_what_is_given_to_a_step_is_part_of_it(tmp_path, text):
    assert given(tmp_path, text) is Role.STEP


@pytest.mark.parametrize("text", NOT_GIVEN.values(), ids=NOT_GIVEN)
def test_what_is_given_to_anything_else_is_not(tmp_path, text):
    assert given(tmp_path, text) is None
