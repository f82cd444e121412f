"""The closed list of excuses that source and stacks prove: each with a hit and a near miss."""

from dataclasses import replace

import pytest
from written import family, making, use, write

from keystream._evidence.relation import Related, Relation, relate
from keystream._evidence.uses import Site, Use
from keystream._findings import Location
from keystream._judge import excuses
from keystream._judge.excuses import Excuse, Excused, of_pair, of_site, parting

DERIVED = making("split", 1)


def alike(first, second, relation=Relation.ONE_MAKING):
    """What excuses two uses whose keys came to be equal in one way."""
    return of_pair(first, second, Related(relation, 7))


def why(found):
    return found.why if found is not None else None


def at(*places, call=0, site=0, **more):
    """A use whose innermost line is the first of the places."""
    return use(call, site=site, frames=places, **more)


def eager(source, first="one(", second="two(", **more):
    """Two samplers of jax.random that a program calls."""
    return at(source.at(first), **more), at(source.at(second), call=1, site=1, **more)


# What excuses a place.


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("remat", Excuse.RECOMPUTED),
        ("backward", Excuse.RECOMPUTED),
        ("clone", Excuse.CLONED),
        ("common", Excuse.DECLARED),
        ("discarded", Excuse.INITIALISATION),
        ("differentiated", None),
        ("initialising", None),
        ("vmap_shared", None),
    ],
)
def test_a_flag_excuses_a_place_or_does_not(flag, expected):
    assert of_site(Site("draw", flags=frozenset({flag}))) is expected


def test_a_place_without_flags_has_no_excuse():
    assert of_site(Site("draw")) is None


def test_a_draw_that_is_recomputed_counts_as_that_whatever_else_it_is():
    assert of_site(Site("draw", flags=frozenset({"common", "remat"}))) is Excuse.RECOMPUTED


# What the relation excuses.


def test_relations_within_one_call_excuse():
    place = Location("a.py", 3)
    assert alike(use(), use(), Relation.RECOMPUTED) == Excused(Excuse.RECOMPUTED)
    assert alike(use(), use(), Relation.ONE_CALL) == Excused(Excuse.SAMPLER)
    assert alike(use(), at(place), Relation.EXCLUSIVE) == Excused(Excuse.EXCLUSIVE, place)


@pytest.mark.parametrize(
    "relation",
    [Relation.ONE_MAKING, Relation.SAME_DERIVATION, Relation.SAME_SEED, Relation.ALIAS, Relation.COLLISION],
)  # fmt: skip
def test_no_other_relation_excuses_by_itself(relation):
    assert alike(use(), use(1, site=1), relation) is None


# What the program does with the two results.


def test_results_that_are_compared_excuse_at_the_later_line(tmp_path):
    source = write(tmp_path, "a = one(k)\nb = two(k)\nassert (a == b).all()")
    found = alike(*eager(source))
    assert found == Excused(Excuse.COMPARED, source.at("two("))


def test_results_that_are_compared_with_labels_do_not_excuse(tmp_path):
    source = write(tmp_path, "a = one(k)\nb = two(k)\nprint((a == y).sum() + (b == y).sum())")
    assert alike(*eager(source)) is None


def test_results_that_callers_compare_excuse_where_their_stacks_part(tmp_path):
    source = write(
        tmp_path, "def f(k):\n    return draw(k)\na = f(k)\nb = f(k)\nassert (a == b).all()"
    )
    inner = source.at("draw(")
    one, other = at(inner, source.at("f(k)", 1)), at(inner, source.at("f(k)", 2), call=1)
    assert alike(one, other) == Excused(Excuse.COMPARED, source.at("f(k)", 2))


@pytest.mark.parametrize("relation", [Relation.SAME_SEED, Relation.ALIAS, Relation.COLLISION])
def test_a_comparison_excuses_however_the_keys_came_to_be_equal(tmp_path, relation):
    source = write(tmp_path, "a = one(k)\nb = two(k)\nassert (a == b).all()")
    assert why(alike(*eager(source), relation)) is Excuse.COMPARED


def test_a_sampler_whose_result_nobody_reads_is_no_warm_up(tmp_path):
    source = write(tmp_path, "def f():\n    a = one(k)\n    b = two(k)\n    print(b)")
    assert alike(*eager(source)) is None


@pytest.mark.parametrize(
    "text",
    [
        "a = one(k)\nb = two(k)\nprint(a, b)",
        "runs.append(one(k))\nothers.append(two(k))",
        "a = one(k)\na += two(k)\nprint(a)",
    ],
)
def test_a_sampler_whose_result_is_used_does_not_excuse(tmp_path, text):
    assert alike(*eager(write(tmp_path, text))) is None


WARM_UP = "one(net, k)\nb = two(net, k)\nprint(b)"


def compiled(source, *, library=()):
    """Two calls of a compiled function at two lines, with library frames between."""
    inner = Location("net.py", 5, 1, "net")
    places = source.at("one("), source.at("two(")
    return [_compiled(place, inner, (place, *library), n) for n, place in enumerate(places)]


def _compiled(place, inner, trail, number):
    site = Site("draw", "normal", (3,), frames=(inner,), call=(place,), trail=trail, program="net")
    return Use(7, "draw", site, number, number)


def test_a_warm_up_of_a_compiled_function_excuses(tmp_path):
    source = write(tmp_path, WARM_UP)
    jax_frame = Location("/lib/jax/_src/pjit.py", 1, 1, "call")
    assert why(alike(*compiled(source, library=(jax_frame,)))) is Excuse.UNUSED


def test_a_call_that_a_framework_compiled_may_keep_its_result(tmp_path):
    source = write(tmp_path, WARM_UP)
    flax_frame = Location("/lib/flax/nnx/transforms.py", 1, 1, "call")
    assert alike(*compiled(source, library=(flax_frame,))) is None


def test_a_step_that_keeps_its_result_is_not_excused_where_its_loss_is_bound_anew(tmp_path):
    source = write(tmp_path, "loss = one(net, k)\nloss = two(net, k)\nprint(loss)")
    flax_frame = Location("/lib/flax/nnx/transforms.py", 1, 1, "call")
    assert alike(*compiled(source, library=(flax_frame,))) is None
    assert why(alike(*compiled(source))) is Excuse.UNUSED


def test_a_function_of_the_users_may_keep_its_result(tmp_path):
    source = write(tmp_path, "class T:\n    def fit(self, k):\n        self.w = draw(k)\n\n"
                             "loss = one(k)\nloss = two(k)\nprint(loss)")  # fmt: skip
    inner = source.at("draw(")
    uses = at(inner, source.at("one(")), at(inner, source.at("two("), call=1)
    assert alike(*uses) is None


def test_two_lines_of_different_functions_do_not_part(tmp_path):
    source = write(
        tmp_path, "def f(k):\n    return one(k)\ndef g(k):\n    return two(k)\nf(k), g(k)"
    )
    outer = source.at("f(k), g")
    assert parting((source.at("one("), outer), (source.at("two("), outer)) is None
    assert alike(at(source.at("one("), outer), at(source.at("two("), outer, call=1)) is None


def test_stacks_part_at_the_outermost_lines_that_differ():
    a, b, c, d = (Location("a.py", line, 1, "f") for line in range(1, 5))
    assert parting((a, c), (b, d)) == (c, d)
    assert parting((a, c), (b, c)) == (a, b)
    assert parting((a, c), (a, c)) is None
    assert parting((a,), (replace(b, function="g"),)) is None


# One joint shuffle.

SHUFFLE = {"distribution": "permutation", "shape": (10,)}


def test_two_arrays_that_are_permuted_alike_are_one_joint_shuffle(tmp_path):
    source = write(tmp_path, "a = permutation(k, xs)\nb = permutation(k, ys)\nfit(a, b)")
    found = alike(*eager(source, "permutation(k, xs", "permutation(k, ys", **SHUFFLE))
    assert why(found) is Excuse.SHUFFLE


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("a = permutation(k, xs)\nb = permutation(k, xs)\nfit(a, b)", SHUFFLE),
        ("a = permutation(k, 10)\nb = permutation(k, 10)\nfit(a, b)", SHUFFLE),
        ("a = permutation(k, xs)\nb = permutation(k, ys)\nfit(a, b)", {"distribution": "normal"}),
    ],
    ids=["one array", "numbers", "no shuffle"],
)
def test_anything_else_is_no_joint_shuffle(tmp_path, text, more):
    source = write(tmp_path, text)
    places = source.at("permutation("), source.at("permutation(", 1)
    assert alike(at(places[0], **more), at(places[1], call=1, site=1, **more)) is None


def test_arrays_of_different_lengths_are_not_shuffled_jointly(tmp_path):
    source = write(tmp_path, "a = permutation(k, xs)\nb = permutation(k, ys)\nfit(a, b)")
    one, other = eager(source, "permutation(k, xs", "permutation(k, ys", **SHUFFLE)
    other = replace(other, at=replace(other.at, shape=(20,)))
    assert alike(one, other) is None
    other = replace(other, at=replace(other.at, shape=(10,), distribution="choice"))
    assert alike(one, other) is None


def test_the_leaves_of_one_tree_are_shuffled_jointly(tmp_path):
    source = write(tmp_path, "b = jax.tree.map(lambda x: permutation(k, x), batch)")
    place = source.at("permutation(")
    assert why(alike(at(place, **SHUFFLE), at(place, call=1, **SHUFFLE))) is Excuse.SHUFFLE
    source = write(tmp_path, "for x in batch:\n    b = permutation(k, x)", "loop.py")
    place = source.at("permutation(")
    assert alike(at(place, **SHUFFLE), at(place, call=1, **SHUFFLE)) is None


BESIDE = {
    "a comprehension": ("[permutation(k, a) for a in (xs, ys)]", True),
    "a loop over arrays": ("for a in (xs, ys):\n    b = permutation(k, a)", True),
    "the items of a dict": ("for n, a in data.items():\n    out[n] = permutation(k, a)", True),
    "a loop over batches": ("for a in loader:\n    b = permutation(k, a)", False),
    "one array again": ("[permutation(k, xs) for _ in (1, 2)]", False),
    "keys of their own": ("[permutation(k, a) for k, a in zip(ks, arrays)]", False),
}


@pytest.mark.parametrize(("text", "joint"), BESIDE.values(), ids=BESIDE)
def test_arrays_beside_each_other_are_shuffled_jointly(tmp_path, text, joint):
    place = write(tmp_path, text).at("permutation(")
    found = alike(at(place, **SHUFFLE), at(place, call=1, **SHUFFLE))
    assert (found is not None and why(found) is Excuse.SHUFFLE) is joint


def test_a_tree_map_on_the_way_to_a_users_function_shuffles_jointly(tmp_path):
    source = write(tmp_path, "def f(x):\n    return permutation(k, x)\nb = mapped(f, batch)")
    place = source.at("permutation(")
    way = (Location("/lib/jax/_src/tree_util.py", 1, 1, "tree_map"),)
    uses = at(place, trail=way, **SHUFFLE), at(place, call=1, trail=way, **SHUFFLE)
    assert why(alike(*uses)) is Excuse.SHUFFLE


# The inside of a library, and procedures that try again.


def in_library(*trails, frames=(), call=0):
    return [
        use(call, site=number, frames=frames, trail=trail) for number, trail in enumerate(trails)
    ]


USER = Location("train.py", 3, 1, "main")


def lib(line, path="/lib/optax/noise.py", function="init"):
    return Location(path, line, 1, function)


def test_two_lines_of_a_library_in_one_call_of_the_users_are_its_inside():
    one, other = in_library((USER, lib(1), lib(5)), (USER, lib(1), lib(6)), frames=(USER,))
    assert alike(one, other) == Excused(Excuse.LIBRARY, USER)


def test_two_calls_of_a_library_by_the_user_are_not_its_inside():
    elsewhere = replace(USER, line=4)
    one, other = (use(n, site=n, frames=(place,), trail=(place, lib(5))) for n, place in enumerate((USER, elsewhere)))  # fmt: skip
    assert alike(one, other) is None


def test_a_library_that_calls_the_users_function_twice_is_no_excuse():
    inner = Location("train.py", 9, 1, "loss")
    one, other = in_library((USER, lib(5), inner), (USER, lib(6), inner), frames=(inner, USER))
    assert alike(one, other) is None


@pytest.mark.parametrize(
    ("path", "function", "expected"),
    [
        ("/lib/numpyro/infer/util.py", "find_valid_initial_params", Excuse.RETRY),
        ("/lib/keras/src/layers/layer.py", "build", Excuse.RETRY),
        ("/lib/numpyro/infer/util.py", "log_density", None),
        ("/lib/numpyro/optim.py", "build", None),
        ("/lib/mylib/infer.py", "init", None),
    ],
)
def test_a_named_procedure_that_tries_again_excuses_and_no_other(path, function, expected):
    inner = Location("train.py", 9, 1, "model")
    retry = lib(5, path, function)
    trails = (USER, retry, lib(6), inner), (USER, retry, lib(7), inner)
    assert why(alike(*in_library(*trails, frames=(inner, USER)))) is expected


def test_the_inside_of_a_library_excuses_no_keys_that_were_made_in_two_ways():
    one, other = in_library((USER, lib(1), lib(5)), (USER, lib(1), lib(6)), frames=(USER,))
    assert alike(one, other, Relation.SAME_SEED) is None


def test_two_lines_of_a_library_in_one_compiled_call_are_its_inside():
    one, other = (
        use(site=n, frames=(USER,), library=(lib(5 + n),), trail=(USER,)) for n in range(2)
    )
    assert alike(one, other) == Excused(Excuse.LIBRARY, USER)
    same = use(1, site=1, frames=(USER,), library=(lib(5),), trail=(USER,))
    assert alike(one, same) is None


def test_every_excuse_has_its_own_words():
    assert len({each.value for each in Excuse}) == len(Excuse)
    assert set(Excuse) > excuses.INSIDE


def test_relate_and_excuse_agree_on_a_gradient(tmp_path):
    one, again = use(making=DERIVED), use(site=1, making=DERIVED, flags=frozenset({"backward"}))
    related = relate(one, again, family(DERIVED))
    assert of_pair(one, again, related) == Excused(Excuse.RECOMPUTED)


@pytest.mark.parametrize(
    ("more", "joint"),
    [(", (8,), replace=False", True), (", (8,), False", True), (", (8,)", False), ("", False)],
    ids=["without replacement", "by position", "with replacement", "one of each"],
)
def test_rows_stay_together_where_they_are_chosen_without_replacement(tmp_path, more, joint):
    source = write(tmp_path, f"a = choice(k, xs{more})\nb = choice(k, ys{more})\nfit(a, b)")
    same = {"distribution": "choice", "shape": (8,)}
    found = alike(*eager(source, "choice(k, xs", "choice(k, ys", **same))
    assert (why(found) is Excuse.SHUFFLE) is joint
