"""``keystream.exercise.check``: what an answer shows of a function of this process."""

import re
import sys
import types
from html.parser import HTMLParser

import jax
import pytest
from exercise_solutions import COMPILED_SWAPPED, MISTAKES, RIGHT, RIGHT_ONES, apply, written

import keystream as ks
from keystream import exercise
from keystream._exercise.flow import flow_of
from keystream._exercise.picture import words_of_flow
from keystream.errors import BadExerciseInputError


@pytest.fixture
def answer_to(monkeypatch):
    def answer_to(source):
        module = types.ModuleType("learners")
        monkeypatch.setitem(sys.modules, "learners", module)
        exec(compile(source, "/cells/1.py", "exec"), module.__dict__)
        return exercise.check(module.run_dropout_model)

    return answer_to


def arrows(answer):
    return [(arrow.state, arrow.came, arrow.said) for arrow in flow_of(answer._report).arrows]


RIGHT_ARROW = {
    name: ("right", name, "") for name in ("seed", "dropout_seed")
} | {"flag": ("right", "False", "")}  # fmt: skip
SEED, DROPOUT, FLAG = RIGHT_ARROW.values()
UNSEEN = ("unseen", "", "")
WHERE_KEYS_WENT = {
    "single-key-init": [SEED, ("served", "seed", ""), DROPOUT, FLAG],
    "single-key-apply": [SEED, DROPOUT, ("served", "dropout_seed", "as 'params'"), FLAG],
    "seeds-swapped": [("wrong", "dropout_seed", ""), *[("wrong", "seed", "")] * 2, FLAG],
    "key-reused": [SEED, *[("wrong", "seed", "")] * 2, FLAG],
    "key-split": [*[("wrong", "split of seed", "")] * 3, FLAG],
    "dropout-seed-unused": [SEED, *[("wrong", "PRNGKey(1)", "")] * 2, FLAG],
    "misnamed-stream": [SEED, ("served", "seed", "as 'drop_out'"), DROPOUT, FLAG],
    "missing-rngs": [SEED, DROPOUT, ("missing", "", ""), FLAG],
    "params-missing": [("missing", "", ""), DROPOUT, UNSEEN, UNSEEN],
    "rng-for-rngs": [SEED, DROPOUT, ("missing", "", "as rng="), UNSEEN],
    "cast-forgotten": [*[("missing", "", "no key")] * 2, UNSEEN, UNSEEN],
    "flag-inverted": [SEED, DROPOUT, DROPOUT, ("wrong", "True", "as True")],
    "flag-missing": [SEED, DROPOUT, UNSEEN, ("missing", "", "not given")],
    "apply-missing": [SEED, DROPOUT, ("missing", "", "not called"), UNSEEN],
    "raised": [SEED, DROPOUT, DROPOUT, FLAG],
}


@pytest.mark.parametrize("name", WHERE_KEYS_WENT)
def test_the_picture_shows_where_each_key_went(answer_to, name):
    answer = answer_to(MISTAKES[name][0])
    assert not answer.passed
    assert answer.mistakes == (name,)
    assert arrows(answer) == WHERE_KEYS_WENT[name]


def test_a_right_function_is_told_so_and_every_arrow_is_right(answer_to):
    answer = answer_to(RIGHT)
    assert (answer.passed, answer.mistakes) == (True, ())
    assert arrows(answer) == [SEED, DROPOUT, DROPOUT, FLAG]
    assert answer_to(RIGHT_ONES["prints"]).passed


def test_of_a_compiled_function_no_key_is_claimed(answer_to):
    answer = answer_to(COMPILED_SWAPPED)
    assert answer.mistakes == ("seeds-swapped",)
    assert [state for state, *_ in arrows(answer)][:3] == ["unseen"] * 3


def test_the_answer_as_text(answer_to):
    lines = repr(answer_to(MISTAKES["single-key-init"][0])).splitlines()
    assert lines[:13] == [
        "run_dropout_model(0.0, jnp.array([0.5, -1, 1.5, 2, -2.5, 3, 0.25, -0.75], jnp.float32), 7.0,"
        " 0.5, 0.0)",
        "",
        "init   params         <- seed",
        "init   dropout        <- the key of params, WRONG: has to come from dropout_seed",
        "apply  dropout        <- dropout_seed",
        "apply  deterministic  <- deterministic",
        "",
        "the mask that init draws, and throws away",
        "  right  #....##.",
        "  yours  .##.###.",
        "",
        "output with deterministic 0: drop_rate 0.5",
        "  right   -3.64      0      0      0      0   2.35  -0.82      0",
    ]
    assert "  next:  keystream rule KS404" in lines


class Loads(HTMLParser):
    """Collects what a piece of HTML would load, and checks that its tags are closed."""

    def __init__(self):
        super().__init__()
        self.loads, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.loads += [value for name, value in attrs if name in ("src", "href")]
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "name", ["right", "seeds-swapped", "rng-for-rngs", "wrong-axes", "unknown"]
)
def test_an_answer_loads_nothing_has_the_colours_around_it_and_names_what_is_next(answer_to, name):
    page = answer_to(MISTAKES[name][0] if name in MISTAKES else RIGHT)._repr_mimebundle_()[
        "text/html"
    ]
    parsed = Loads()
    parsed.feed(page)
    assert parsed.loads == parsed.open == []
    assert "<script" not in page
    assert not re.search(r"(?:fill=\"|[^-]color:)(?:#000|#fff|black|white)", page)
    assert "<b>Read:</b>" in page
    assert "<b>Next:</b>" in page
    if name != "right":
        assert '<summary style="cursor:pointer">how to repair it</summary>' in page


def test_what_a_learner_writes_stays_text(answer_to):
    end = "raise ValueError('<script>alert(1)</script>\\x1b[31m')"
    page = answer_to(written(end=end))._repr_mimebundle_()["text/html"]
    assert "<script" not in page
    assert "\x1b" not in page
    named = answer_to(written(apply=apply("flag, rngs={'<b>': dropout_key}")))
    assert "<b>'" not in named._repr_mimebundle_()["text/html"]


def test_an_exit_is_an_answer_and_an_interrupt_is_none(answer_to):
    assert answer_to("def run_dropout_model(*_):\n    raise SystemExit").mistakes == ("raised",)
    with pytest.raises(KeyboardInterrupt):
        answer_to("def run_dropout_model(*_):\n    raise KeyboardInterrupt")


def test_an_audit_around_a_check_does_not_mind_that_cases_share_seeds(answer_to):
    with ks.audit("notebook") as audit:
        assert answer_to(RIGHT).passed
    assert not {finding.code for finding in audit.findings} & {"KS101", "KS106", "KS201"}


def test_settings_of_jax_change_no_verdict_and_stay(answer_to):
    with jax.enable_x64(True):
        assert answer_to(RIGHT).passed
        assert jax.config.jax_enable_x64


@pytest.mark.parametrize(
    ("given", "what"),
    [(None, "of type NoneType"), (jax.numpy.ones(3), "of type ArrayImpl"), (dict, "a class")],
)
def test_what_is_no_function_is_refused(given, what):
    with pytest.raises(BadExerciseInputError) as refused:
        exercise.check(given)
    assert str(refused.value).splitlines() == [
        f"check was given what is {what}, but must be given the function run_dropout_model",
        "  where: keystream.exercise.check(function)",
        "  why:   the check calls it, with many seeds, rates and flags",
        "  fix:   give it by its name, without brackets behind it: exercise.check(run_dropout_model)",
        "  KS010 bad-exercise-input (keystream rule KS010)",
    ]


def test_masks_of_any_shape_are_a_row_each():
    masks = exercise.masks({"a": jax.numpy.array([[1.0, 0.0], [0.0, 2.0]]), "long name": [True]})
    assert repr(masks) == "a          #..#\nlong name  #"
    assert masks._repr_mimebundle_()["text/html"].count("<rect") == 5


def test_a_picture_says_in_words_what_it_shows(answer_to):
    answer = answer_to(MISTAKES["rng-for-rngs"][0])
    description = re.search(
        r"<desc>(.*?)</desc>", answer._repr_mimebundle_()["text/html"], re.DOTALL
    )[1]
    assert description.splitlines() == [
        line.replace("<", "&lt;") for line in words_of_flow(flow_of(answer._report))
    ]
    assert (
        "apply  dropout        NOTHING CAME (as rng=): has to come from dropout_seed" in description
    )
