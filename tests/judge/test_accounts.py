"""The books: every repeated draw stands in one account, and one line tells of them."""

import pytest

from keystream._judge.accounts import Accounts, told
from keystream._judge.excuses import INSIDE, Excuse


def filled():
    accounts = Accounts(draws=100, distinct=60, in_findings=9)
    for number, why in enumerate(Excuse, 1):
        accounts.excuse(why, number % 3)
    return accounts


def test_books_without_repetitions_balance():
    assert Accounts(7, 7).unexplained == 0


def test_what_is_in_no_account_is_unexplained():
    assert Accounts(10, 7, in_findings=1).unexplained == 2


@pytest.mark.parametrize("why", Excuse)
def test_each_excuse_is_booked_in_one_account(why):
    accounts = Accounts(5, 2)
    accounts.excuse(why, 3)
    booked = (accounts.recomputed, accounts.inside, accounts.excused.total())
    expected = {Excuse.RECOMPUTED: (3, 0, 0), **dict.fromkeys(INSIDE, (0, 3, 0))}
    assert booked == expected.get(why, (0, 0, 3))
    assert accounts.unexplained == 0


def test_the_accounts_of_a_report_add_up_to_the_draws():
    books = filled().as_json()
    names = ("distinct", "in_findings", "recomputed", "inside", "unexplained")
    total = sum(books[name] for name in names) + sum(books["excused"].values())
    assert total == books["draws"] == 100


def test_a_report_names_the_reasons_that_excused_something_and_no_others():
    accounts = Accounts(5, 2)
    accounts.excuse(Excuse.CLONED, 3)
    accounts.excuse(Excuse.COMPARED, 0)
    assert accounts.as_json() == {
        "draws": 5,
        "distinct": 2,
        "in_findings": 0,
        "excused": {"declared with jax.random.clone": 3},
        "recomputed": 0,
        "inside": 0,
        "unexplained": 0,
    }


def test_the_books_are_told_in_one_sentence():
    accounts = Accounts(14_000, 9_330, in_findings=1)
    accounts.excuse(Excuse.RECOMPUTED, 4_600)
    accounts.excuse(Excuse.SAMPLER, 2)
    accounts.excuse(Excuse.COMPARED, 5)
    assert told(accounts.as_json()) == (
        "14,000 draws from 9,330 keys: 1 in the findings above, 4,600 recomputed in the backward pass, "
        "2 inside samplers or libraries, 5 excused: compared with each other, 62 unexplained"
    )


def test_one_key_is_told_of_as_one():
    assert told(Accounts(2, 1, in_findings=1).as_json()) == (
        "2 draws from 1 key: 1 in the findings above"
    )


def test_nothing_is_told_where_no_key_was_drawn_from_twice():
    assert told(Accounts(3, 3).as_json()) == ""
    assert told(Accounts(0, 0).as_json()) == ""
