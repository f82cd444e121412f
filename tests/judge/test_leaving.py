"""Two results that leave their function together: followed to the callers that compare them.

In each program the first and the second call of ``f(`` are asked about, and ``pair(`` calls their function.
"""

import textwrap

import pytest
from written import write

from keystream._evidence.leaving import callers_compare, callers_rank

FUNCTION = """
def pair(x, y, k):
    {body}


def main(x, y, k):
    {caller}
"""


def followed(tmp_path, body, caller):
    """Whether the caller is seen to hold the two results to each other."""
    text = FUNCTION.format(
        body=textwrap.indent(body, "    ").strip(), caller=textwrap.indent(caller, "    ").strip()
    )
    source = write(tmp_path, text)
    return callers_compare(source.at("f("), source.at("f(", 1), (source.at("pair(", 1),))


RETURNED = {
    "as a tuple": "return f(x, k), f(y, k)",
    "by names": "a = f(x, k)\nb = f(y, k)\nreturn a, b",
    "of what is made of each": "a = f(x, k)\nb = f(y, k)\nreturn a.mean(), b.mean()",
}
HELD = {
    "subtracted": "a, b = pair(x, y, k)\nprint(a - b)",
    "compared": "a, b = pair(x, y, k)\nif (a == b).all():\n    print(a)",
    "ordered": "a, b = pair(x, y, k)\nbetter = a < b",
    "as numbers": "a, b = pair(x, y, k)\ngain = float(a) - float(b)",
    "under further names": "a, b = pair(x, y, k)\nu = float(a)\nv = float(b)\ngain = u - v",
    "as elements": "both = pair(x, y, k)\ngain = both[0] - both[1]",
}


@pytest.mark.parametrize("caller", HELD.values(), ids=HELD)
@pytest.mark.parametrize("body", RETURNED.values(), ids=RETURNED)
def test_what_a_caller_subtracts_or_compares_is_found(tmp_path, body, caller):
    assert followed(tmp_path, body, caller)


def test_elements_of_a_dictionary_are_followed(tmp_path):
    body = "return {'a': f(x, k), 'b': f(y, k)}"
    assert followed(tmp_path, body, "both = pair(x, y, k)\nprint(both['a'] - both['b'])")


NOT_HELD = {
    "added": "a, b = pair(x, y, k)\nprint(a + b)",
    "held to a third": "a, b = pair(x, y, k)\nprint(a - x, b - x)",
    "the first alone": "a, _ = pair(x, y, k)\nprint(a - x)",
    "one element of each of two": "both = pair(x, y, k)\nprint(both[0] - both[0])",
    "printed": "print(pair(x, y, k))",
}


@pytest.mark.parametrize("caller", NOT_HELD.values(), ids=NOT_HELD)
def test_what_no_caller_holds_to_each_other_is_not(tmp_path, caller):
    assert not followed(tmp_path, "return f(x, k), f(y, k)", caller)


NOT_APART = {
    "one result": "return f(x, k) + f(y, k)",
    "both in one element": "a = f(x, k)\nb = f(y, k)\nreturn a + b, x",
    "nothing": "a = f(x, k)\nb = f(y, k)\nprint(a, b)",
}


@pytest.mark.parametrize("body", NOT_APART.values(), ids=NOT_APART)
def test_results_that_do_not_leave_apart_are_not_followed(tmp_path, body):
    assert not followed(tmp_path, body, "a, b = pair(x, y, k)\nprint(a - b)")


def test_the_carry_of_a_compiled_loop_is_followed(tmp_path):
    text = """
    def body(carry):
        t, u, v = carry
        return t - 1, f(u, k), f(v, k)

    def run(u, v):
        t, u, v = jax.lax.while_loop(running, body, (3, u, v))
        return u, v

    def main(u, v):
        u, v = run(u, v)
        return jnp.all(u == v)
    """
    source = write(tmp_path, textwrap.dedent(text))
    outer = source.at("jax.lax.while_loop("), source.at("run(", 1)
    assert callers_compare(source.at("f("), source.at("f(", 1), outer)


RANKED = {
    "the best is taken": ("return [f(x, k) for x in xs]", "all = pair(x, y, k)\nprint(max(all))"),
    "two differ": (
        "return {x: f(x, k) for x in xs}",
        "all = pair(x, y, k)\nfirst = all['a']\nfor c in all.values():\n    print(c - first)",
    ),
    "a list that was filled": (
        "kept = []\nfor x in xs:\n    kept.append(f(x, k))\nreturn kept",
        "all = pair(x, y, k)\nprint(sorted(all))",
    ),
}
NOT_RANKED = {
    "added up": ("return [f(x, k) for x in xs]", "all = pair(x, y, k)\nprint(sum(all))"),
    "handed to a call": ("return [f(x, k) for x in xs]", "print(max(pair(x, y, k)))"),
    "something else leaves": (
        "kept = [f(x, k) for x in xs]\nreturn x",
        "all = pair(x, y, k)\nprint(max(all))",
    ),
    "another is ranked": ("return [f(x, k) for x in xs]", "all = pair(x, y, k)\nprint(max(xs))"),
}


def ranks(tmp_path, body, caller):
    text = f"def pair(x, y, k):\n{textwrap.indent(body, '    ')}\n\n{caller}\n"
    source = write(tmp_path, text)
    return callers_rank(source.at("f(x"), {"kept"}, (source.at("pair(", 1),))


@pytest.mark.parametrize(("body", "caller"), RANKED.values(), ids=RANKED)
def test_what_a_caller_ranks_is_found(tmp_path, body, caller):
    assert ranks(tmp_path, body, caller)


@pytest.mark.parametrize(("body", "caller"), NOT_RANKED.values(), ids=NOT_RANKED)
def test_what_no_caller_ranks_is_not(tmp_path, body, caller):
    assert not ranks(tmp_path, body, caller)
