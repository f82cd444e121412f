"""How two uses of one key relate: each relation with a hit and a near miss, from small values."""

import pytest
from written import family, making, use

from keystream._evidence.relation import Relation, exclusive, relate
from keystream._evidence.uses import Making

NOBODY = family()


def of_makings(one: Making | None, other: Making | None, *ancestors: Making):
    first, second = use(one.call if one else 0, making=one), use(9, site=1, making=other)
    return relate(first, second, family(*ancestors))


# One making, and keys whose making was not seen.


def test_two_uses_of_one_making_are_one_key_made_once():
    made = making("split", 1)
    related = of_makings(made, made)
    assert (related.relation, related.root, related.makings) == (Relation.ONE_MAKING, 7, ())


@pytest.mark.parametrize("seen", [making("split", 1), None])
def test_where_a_making_was_not_seen_the_key_counts_as_made_once(seen):
    assert of_makings(None, seen).relation is Relation.ONE_MAKING
    assert of_makings(seen, None).relation is Relation.ONE_MAKING


def test_one_call_that_makes_a_key_twice_by_two_numbers_made_it_twice():
    one, other = making("fold_in", 1, data=0), making("fold_in", 1, data=1)
    assert of_makings(one, other).relation is Relation.SAME_DERIVATION


# One seed.


def test_one_seed_made_into_a_key_twice_is_one_seed_and_its_value_the_root():
    one, other = making("seed", 42, call=0), making("seed", 42, call=5)
    related = of_makings(one, other)
    assert related.relation is Relation.SAME_SEED
    assert related.root == 42
    assert related.makings == (one, other)


def test_two_seeds_of_one_key_collided():
    related = of_makings(making("seed", 0), making("seed", 2**32, call=5))
    assert related.relation is Relation.COLLISION


def test_a_seed_and_a_split_that_gave_one_key_collided_whatever_their_parents():
    one, other = making("seed", 3), making("split", 3, call=5)
    assert of_makings(one, other).relation is Relation.COLLISION
    assert of_makings(other, one).relation is Relation.COLLISION


# One parent.


def test_a_child_derived_twice_of_one_making_is_the_same_derivation():
    parent = making("seed", 0, child=1)
    one, other = making("split", 1, call=1), making("split", 1, call=2)
    related = of_makings(one, other, parent)
    assert related.relation is Relation.SAME_DERIVATION
    assert (related.root, related.makings) == (1, (one, other))


def test_a_child_derived_twice_of_a_parent_that_was_not_seen_is_the_same_derivation():
    related = of_makings(making("split", 1, call=1), making("split", 1, call=2))
    assert related.relation is Relation.SAME_DERIVATION


def test_a_child_of_a_parent_that_was_made_twice_repeats_where_the_parent_does():
    parents = making("seed", 0, child=1, call=0), making("seed", 0, child=1, call=4)
    one, other = making("split", 1, call=1), making("split", 1, call=5)
    related = of_makings(one, other, *parents)
    assert related.relation is Relation.SAME_SEED
    assert (related.root, related.makings) == (0, parents)


def test_a_repetition_is_followed_up_through_all_generations():
    lines = [
        [making("seed", 0, 100, call=call), *(making("split", 99 + n, 100 + n, call=call + n) for n in range(1, 50))]
        for call in (0, 1000)
    ]  # fmt: skip
    one, other = use(99, key=149, making=lines[0][-1]), use(1099, key=149, making=lines[1][-1])
    related = relate(one, other, family(*lines[0], *lines[1]))
    assert related.relation is Relation.SAME_SEED
    assert related.makings == (lines[0][0], lines[1][0])


def test_two_ways_from_different_parents_collided():
    assert of_makings(making("split", 1), making("split", 2, call=5)).relation is Relation.COLLISION
    assert (
        of_makings(making("fold_in", 1), making("fold_in", 2, call=5)).relation
        is Relation.COLLISION
    )


def test_a_child_of_split_that_equals_a_child_of_fold_in_is_an_alias_of_their_parent():
    related = of_makings(making("split", 1, data=2), making("fold_in", 1, call=5, data=2))
    assert (related.relation, related.root) == (Relation.ALIAS, 1)


def test_an_alias_is_found_where_the_lines_of_descent_part_further_up():
    aliases = making("split", 1, 2, call=0), making("fold_in", 1, 2, call=5)
    related = of_makings(making("split", 2, call=1), making("split", 2, call=6), *aliases)
    assert related.relation is Relation.ALIAS
    assert related.makings == aliases


def test_a_child_of_split_and_one_of_fold_in_of_other_parents_are_no_alias():
    related = of_makings(making("split", 1), making("fold_in", 2, call=5))
    assert related.relation is Relation.COLLISION


# Within one call.


def test_two_sites_of_one_call_of_a_sampler_are_its_inside():
    assert relate(use(draw=4), use(site=1, draw=4), NOBODY).relation is Relation.ONE_CALL


def test_one_site_that_ran_twice_in_one_call_is_its_inside():
    assert relate(use(), use(), NOBODY).relation is Relation.ONE_CALL


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (use(draw=4), use(site=1, draw=5)),  # two samplers of one program
        (use(draw=4), use(1, site=1, draw=4)),  # one sampler, called twice
        (use(), use(site=1)),  # no sampler is known: -1 on both sides
        (use(draw=4), use(site=1, draw=4, role="split")),  # the program's own split
        (use(role="split"), use(role="split")),
    ],
    ids=["two samplers", "two calls", "no sampler", "a split", "two splits"],
)
def test_what_is_not_in_one_call_of_a_sampler_is_not_its_inside(first, second):
    assert relate(first, second, NOBODY).relation is Relation.ONE_MAKING


def test_two_arms_of_one_condition_in_one_call_are_exclusive():
    one, other = use(conditions=((3, 0),)), use(site=1, conditions=((3, 1),))
    assert relate(one, other, NOBODY).relation is Relation.EXCLUSIVE


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (use(conditions=((3, 0),)), use(site=1, conditions=((3, 0),))),
        (use(conditions=((3, 0),)), use(site=1, conditions=((4, 1),))),
        (use(conditions=((3, 0),)), use(1, site=1, conditions=((3, 1),))),
        (use(conditions=((3, 0),)), use(site=1)),
    ],
    ids=["one arm", "two conditions", "two calls", "outside"],
)
def test_what_may_run_together_is_not_exclusive(first, second):
    assert not exclusive(first, second)
    assert relate(first, second, NOBODY).relation is Relation.ONE_MAKING


def test_arms_of_an_inner_condition_are_exclusive_though_the_outer_one_is_shared():
    one, other = use(conditions=((1, 0), (2, 0))), use(site=1, conditions=((1, 0), (2, 1)))
    assert exclusive(one, other)


@pytest.mark.parametrize("flag", ["remat", "backward"])
def test_a_draw_that_is_made_again_for_a_gradient_is_recomputed(flag):
    again = use(site=1, flags=frozenset({flag}))
    assert relate(use(), again, NOBODY).relation is Relation.RECOMPUTED
    assert relate(again, use(), NOBODY).relation is Relation.RECOMPUTED


def test_a_draw_through_which_a_gradient_is_taken_is_not_recomputed():
    again = use(1, site=1, flags=frozenset({"differentiated"}))
    assert relate(use(), again, NOBODY).relation is Relation.ONE_MAKING


def test_recomputation_goes_before_everything_that_the_makings_say():
    seeds = making("seed", 0), making("seed", 0, call=5)
    again = use(5, site=1, making=seeds[1], flags=frozenset({"remat"}))
    assert relate(use(making=seeds[0]), again, NOBODY).relation is Relation.RECOMPUTED


def test_a_circle_of_descent_ends():
    circle = making("split", 7, 7, call=0), making("split", 7, 7, call=5)
    assert isinstance(of_makings(*circle, *circle).relation, Relation)
