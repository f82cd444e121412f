"""Draws whose key did not vary within a call: which are excused, which rule they break, how they are booked."""

import numpy as np
import pytest

from keystream._audit.recording import Recording
from keystream._audit.shared import shared_draws
from keystream._evidence.shared import Shared
from keystream._evidence.uses import Site
from keystream._findings import Location
from keystream._judge.accounts import Accounts
from keystream._judge.excuses import Excuse
from keystream._rules import verdict

PLACE = Location("train.py", 3, 1, "step")


def site(*flags):
    return Site("draw", "normal", (3,), frames=(PLACE,), flags=frozenset(flags))


RULES = {
    "turns": (Shared(site(), turns=3), ("KS203", "warning")),
    "turns that train": (
        Shared(site("differentiated", "loop_invariant"), turns=3), ("KS203", "error")),
    "some turns that train": (Shared(site("differentiated"), turns=3), ("KS203", "warning")),
    "turns that sum gradients": (
        Shared(site("differentiated", "summed"), turns=3), ("KS304", "error")),
    "turns that sum draws": (Shared(site("summed"), turns=3), ("KS203", "warning")),
    "turns that make figures": (
        Shared(site("measured", "loop_invariant"), turns=3), ("KS203", "note")),
    "some turns that make figures": (Shared(site("measured"), turns=3), ("KS203", "warning")),
    "lanes": (Shared(site(), lanes=3), ("KS303", "warning")),
    "one draw of a vmap": (Shared(site("vmap_shared")), ("KS303", "warning")),
    "replicas": (Shared(site(), shards=3), ("KS301", "warning")),
    "members with parameters": (Shared(site("lifted"), lanes=3), ("KS305", "error")),
    "choices": (Shared(site("lifted", "declared_choices"), turns=3), ("KS305", "warning")),
    "turns of one member and others of another": (Shared(site(), across=3), ("KS109", "warning")),
    "these and turns": (Shared(site(), turns=1, across=3), ("KS203", "warning")),
    "these of finished lanes": (Shared(site("batched_while"), across=3), None),
    "nothing": (Shared(site()), None),
    "a gradient alone": (Shared(site("differentiated")), None),
    "members alone": (Shared(site("lifted")), None),
    "finished lanes": (Shared(site("batched_while"), turns=3, lanes=2, shards=1), None),
    "an invariant key": (Shared(site("batched_while", "loop_invariant"), turns=3), ("KS203", "warning")),
}  # fmt: skip


@pytest.mark.parametrize(("shared", "expected"), RULES.values(), ids=RULES)
def test_what_is_shared_decides_the_rule(shared, expected):
    assert verdict(shared) == expected


def booked(at, **repeats):
    """The accounts after three repeats at a place, and the codes that were found."""
    recording = Recording(
        sites=[at],
        keys=np.array([5], np.uint64),
        key_sites=np.array([0], np.uint32),
        key_calls=np.array([0], np.uint32),
        inner_repeats={0: repeats},
        inner_again={0: 3},
    )
    accounts = Accounts(1, 1)
    found = shared_draws(recording, verdict, accounts)
    return accounts, [each.code for each in found]


@pytest.mark.parametrize(
    ("flags", "excuse"),
    [
        (("declared_shared",), Excuse.BROADCAST),
        (("batched_while",), Excuse.FINISHED_LANES),
        (("clone",), Excuse.CLONED),
        (("common",), Excuse.DECLARED),
        (("discarded",), Excuse.INITIALISATION),
    ],
)
def test_a_draw_that_is_shared_for_a_reason_is_booked_under_it(flags, excuse):
    accounts, codes = booked(site(*flags), lanes=3)
    assert codes == []
    assert accounts.excused == {excuse: 3}
    assert (accounts.draws, accounts.unexplained) == (4, 0)


def test_a_draw_that_is_shared_for_no_reason_is_booked_in_its_finding():
    accounts, codes = booked(site(), lanes=3)
    assert codes == ["KS303"]
    assert (accounts.draws, accounts.in_findings, accounts.unexplained) == (4, 3, 0)


def test_a_key_that_is_invariant_in_a_batched_loop_is_no_finished_lane():
    accounts, codes = booked(site("batched_while", "loop_invariant"), scan=3)
    assert codes == ["KS203"]
    assert accounts.in_findings == 3


def test_repeats_that_no_rule_explains_stay_unexplained():
    accounts, codes = booked(site())
    assert codes == []
    assert accounts.unexplained == 3
