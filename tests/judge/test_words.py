"""Words explain: they lower a warning to a note, quoted with their place, and nothing else."""

import pytest
from written import write

from keystream._findings import Finding, Location
from keystream._judge.words import MAY_BE_MEANT, Word, lowered, meant, swept


def finding(source, part="draw(", *, code="KS201", severity="warning", **more):
    return Finding(
        code=code,
        severity=severity,
        message="it drew again",
        why="equal numbers",
        fix="split",
        locations=(source.at(part),),
        **more,
    )


def word_at(tmp_path, text):
    source = write(tmp_path, text)
    read = lambda path: source.text.splitlines(keepends=True)  # noqa: E731
    return meant([source.at("draw(")], read)


MEANT = {
    "on the line": "a = draw(k)  # common random numbers",
    "above it": "# on purpose\na = draw(k)",
    "two lines above": "# The same noise for both,\n# so that they can be compared.\na = draw(k)",
    "a fixed key": "a = draw(k)  # fixed key",
    "several masks": "a = draw(k)  # one run, identical random masks",
    "in capitals": "a = draw(k)  # ANTITHETIC pair",
    "an adverb": "a = draw(k)  # deliberately",
    "a denial in another sentence": "a = draw(k)  # Does not train. The same latents as before.",
}


@pytest.mark.parametrize("text", MEANT.values(), ids=MEANT)
def test_a_comment_that_says_that_equal_draws_are_wanted_is_read(tmp_path, text):
    assert word_at(tmp_path, text) is not None


NOT_MEANT = {
    "no comment": "a = draw(k)",
    "other words": "a = draw(k)  # sample from the replay buffer",
    "a part of a word": "a = draw(k)  # fixed keyboard",
    "a word that contains one": "a = draw(k)  # unintentionally",
    "a denial": "a = draw(k)  # this is NOT the same noise",
    "a short denial": "a = draw(k)  # isn't the same noise",
    "a denial behind": "a = draw(k)  # the same noise would be wrong",
    "a denial on the line before": "# This must never be\n# the same noise.\na = draw(k)",
    "a complaint": "a = draw(k)  # FIXME: same key",
    "a mistake": "a = draw(k)  # mistake 3: same mask",
    "a question": "a = draw(k)  # is it the same mask?",
    "an alarm": "a = draw(k)  # oops, same mask in every step!",
    "a name": "same_noise = draw(common_random_numbers)",
    "a text that holds a hash": "a = draw(k, 'see # the same noise')",
    "a comment further up": "# the same noise\nb = 1\na = draw(k)",
    "a comment below": "a = draw(k)\n# the same noise",
}


@pytest.mark.parametrize("text", NOT_MEANT.values(), ids=NOT_MEANT)
def test_anything_else_says_nothing(tmp_path, text):
    assert word_at(tmp_path, text) is None


def test_a_word_keeps_its_text_and_place(tmp_path):
    word = word_at(tmp_path, "# The same noise for both,\n# in each run.\na = draw(k)")
    assert word is not None
    assert (word.text, word.line) == ("The same noise", 1)
    assert word.quoted == "“The same noise” (program.py:1)"


def test_lines_that_do_not_exist_say_nothing():
    assert meant([Location("gone.py", 3)], lambda path: []) is None


def test_a_comment_lowers_a_warning_to_a_note_that_quotes_it(tmp_path):
    source = write(tmp_path, "a = draw(k)  # the same noise on purpose")
    note = lowered(finding(source))
    assert note.severity == "note"
    assert note.why == (
        "equal numbers; a comment says that it is meant: “the same noise” (program.py:1)"
    )
    assert (note.message, note.fix, note.code) == ("it drew again", "split", "KS201")


@pytest.mark.parametrize("severity", ["error", "note"])
def test_a_comment_never_touches_an_error_or_a_note(tmp_path, severity):
    source = write(tmp_path, "a = draw(k)  # the same noise on purpose")
    before = finding(source, severity=severity)
    assert lowered(before) is before


@pytest.mark.parametrize("code", ["KS401", "KS502", "KS601", "KS902"])
def test_a_comment_lowers_nothing_but_repetitions(tmp_path, code):
    assert code not in MAY_BE_MEANT
    before = finding(write(tmp_path, "a = draw(k)  # the same noise"), code=code)
    assert lowered(before) is before


def test_a_warning_without_a_comment_stays_as_it_is(tmp_path):
    before = finding(write(tmp_path, "a = draw(k)"))
    assert lowered(before) is before


def test_a_comment_at_a_related_line_counts_and_one_at_the_third_place_does_not(tmp_path):
    source = write(tmp_path, "k = key(0)  # fixed key\na = draw(k)\nb = draw(k)")
    assert lowered(finding(source, related=(source.at("key("),))).severity == "note"
    places = (source.at("draw("), source.at("draw(", 1), source.at("key("))
    third = Finding(code="KS101", severity="warning", message="", why="", fix="", locations=places)
    assert lowered(third).severity == "warning"


@pytest.mark.parametrize(
    "names", [["theta"], ["lr", "weights"], ["time_2"], ["noise_scale"], ["t"]]
)
def test_a_batch_of_parameters_and_times_is_known_by_its_names(names):
    assert swept(Location("a.py", 3), names) == Word(names[0], "a.py", 3)


@pytest.mark.parametrize(
    "names", [[], ["block"], ["x"], ["theta", "x"], ["value_rng"], ["location"]]
)
def test_a_batch_of_anything_else_is_not(names):
    assert swept(Location("a.py", 3), names) is None


REBUILT = {
    "of the function": 'def f(k):\n    """The map is rebuilt from its key."""\n    return draw(k)',
    "of the class": 'class M:\n    """Regenerated from the key on each call."""\n    a = draw(k)',
    "of the file": '"""The direction is redrawn\nfrom its key rather than kept."""\na = draw(k)',
}


@pytest.mark.parametrize("text", REBUILT.values(), ids=REBUILT)
def test_a_docstring_that_says_what_is_drawn_again_of_its_key_makes_a_note(tmp_path, text):
    found = lowered(finding(write(tmp_path, text)))
    assert found.severity == "note"
    assert "a docstring says that it is meant: “re" in found.why.lower()


NOT_REBUILT = {
    "the key itself": 'def f(k):\n    """The key is rebuilt from the seed."""\n    return draw(k)',
    "a denial": 'def f(k):\n    """Never redrawn from the key."""\n    return draw(k)',
    "of another function": (
        'def g():\n    """Rebuilt from its key."""\n\n\ndef f(k):\n    return draw(k)'
    ),
    "keys that are split": 'def f(k):\n    """Draws from the key."""\n    return draw(k)',
}


@pytest.mark.parametrize("text", NOT_REBUILT.values(), ids=NOT_REBUILT)
def test_other_docstrings_change_nothing(tmp_path, text):
    assert lowered(finding(write(tmp_path, text))).severity == "warning"


def test_a_docstring_is_no_word_on_seeds_and_none_on_errors(tmp_path):
    source = write(tmp_path, REBUILT["of the function"])
    assert lowered(finding(source, code="KS106")).severity == "warning"
    assert lowered(finding(source, severity="error")).severity == "error"
