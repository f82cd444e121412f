"""The errors themselves: codes, pages, pickling, the template."""

import pickle

import pytest

from keystream import _rules, errors
from keystream._cli import main
from keystream._codes import CODES


def test_every_code_has_a_page_and_every_error_a_code():
    classes = errors.by_code()
    assert [code for code in CODES if code.startswith("KS0")] == [
        code for code in classes if code.startswith("KS0")
    ]
    assert {code for code in CODES if _rules.page(code) is not None} | set(classes) == set(CODES)
    for code, cls in classes.items():
        page = cls.__doc__
        assert cls.code == code
        assert len(page.split("\n\n")) == 3, f"{code}: what it is, why it matters, what to do"
        assert cls.__name__ in errors.__all__


def test_the_message_has_its_fields_in_order_and_leaves_out_empty_ones():
    error = errors.RateOutOfRangeError("rate 2 is high", why="because", fix="one\ntwo")
    assert str(error) == (
        "rate 2 is high\n"
        "  why:   because\n"
        "  fix:   one\n"
        "         two\n"
        "  KS004 rate-out-of-range (keystream rule KS004)"
    )


def test_errors_survive_pickling():
    error = errors.ValueOutOfRangeError("a", where="b", why="c", fix="d")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_errors_are_value_errors_and_a_missing_extra_an_import_error():
    assert all(issubclass(cls, ValueError) for cls in errors.by_code().values())
    assert issubclass(errors.MissingExtraError, ImportError)


def test_rule_prints_the_page(capsys):
    assert main(["rule", "ks003"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("KS003 stream-id-clash\n\nTwo streams would have one id")
    assert 'Streams(0, "a", "b", ids={"b": 7})' in page


def test_rule_lists_every_code(capsys):
    assert main(["rule"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("KS")]
    assert [row[:2] for row in rows] == [[code, name] for code, name in sorted(CODES.items())]


@pytest.mark.parametrize("word", ["KS101", "ks101", "key-reused"])
def test_rule_prints_the_page_of_a_rule_by_code_and_by_name(word, capsys):
    assert main(["rule", word]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("KS101 key-reused\n\nTwo draws from one key")


@pytest.mark.parametrize(
    ("word", "fix"),
    [
        ("KS999", "keystream rule   (lists every code)"),
        ("KS20", "one of those that begin so: KS201, KS202, KS203, KS204, KS205"),
        ("key-resued", "did you mean 'key-reused'? Otherwise list every code: keystream rule"),
    ],
)
def test_rule_refuses_what_is_no_code(word, fix, capsys):
    assert main(["rule", word]) == 2
    assert capsys.readouterr().err == (
        f"keystream rule: there is no code '{word}'\n  fix:   {fix}\n"
    )


def test_an_unknown_command_exits_2(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["frobnicate"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith("error: there is no command 'frobnicate'\n")


@pytest.mark.parametrize(
    ("words", "usage", "said"),
    [
        (["adit"], "usage: keystream [-h]", "there is no command 'adit'; did you mean 'audit'?"),
        (
            ["lint", "--formt", "json"],
            "usage: keystream lint [-h]",
            "there is no option '--formt'; did you mean '--format'?",
        ),
        (["lint", "--zzz"], "usage: keystream lint [-h]", "there is no option '--zzz'"),
        (
            ["exercise", "check", "--jsn", "x.py"],
            "usage: keystream exercise check [-h]",
            "there is no option '--jsn'; did you mean '--json'?",
        ),
        (
            ["rule", "KS101", "KS102"],
            "usage: keystream rule [-h]",
            "'KS102' is one argument too many",
        ),
        (
            ["lint", "--jobs", "0"],
            "usage: keystream lint [-h]",
            "argument --jobs: 0 is not an integer of 1 or more",
        ),
    ],
)
def test_a_word_that_is_not_known_is_answered_by_its_own_command(words, usage, said, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    shown = capsys.readouterr().err
    assert shown.startswith(usage)
    assert shown.endswith(f"error: {said}\n")
