"""Programs with two mistakes, of rules that can meet in one key, one function or one loop: both are named."""

import textwrap

import pytest
from audited import audit, codes

HEAD = "import jax\nimport jax.numpy as jnp\n"

PARTS = {
    "KS101": """
        a = jax.random.normal({key}, (3,))
        b = jax.random.uniform({key}, (3,))
        print(a + b)
    """,
    "KS102": """
        c = jax.random.normal({key}, (3,))
        d, e = jax.random.split({key})
        print(c + jax.random.normal(d, (3,)) + jax.random.normal(e, (3,)))
    """,
    "KS103": """
        f, g = jax.random.split({key})
        w = w + jax.random.normal(f, (3,))
        h = jax.random.fold_in({key}, 0)
        w = w + jax.random.uniform(h, (3,))
    """,
    "KS106": """
        for i in range(3):
            w = noise(w, jax.random.key(5))
    """,
    "KS201": """
        for i in range(3):
            w = noise(w, {key})
    """,
    "KS203": """
        w = jax.jit(scanned)(w, {key})
    """,
    "KS303": """
        w = w + jax.jit(jax.vmap(noise, in_axes=(0, None)))(jnp.ones((4, 3)), {key}).sum(0)
    """,
}
FUNCTIONS = """
@jax.jit
def noise(w, key):
    return w + jax.random.normal(key, w.shape)

def scanned(w, key):
    return jax.lax.scan(lambda w, _: (w + jax.random.normal(key, (3,)), None), w, None, length=4)[0]

w = jnp.zeros(3)
"""
KEYED = sorted(PARTS)
PAIRS = [(one, other) for n, one in enumerate(KEYED) for other in KEYED[n + 1 :]]


def program(one, other, keys):
    parts = [
        textwrap.dedent(PARTS[code]).format(key=key)
        for code, key in zip((one, other), keys, strict=True)
    ]
    made = "first = jax.random.key(1)\nsecond = jax.random.key(2)\n"
    return HEAD + FUNCTIONS + made + "\n".join(parts)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_mistakes_beside_each_other_are_both_named(tmp_path, one, other):
    report = audit(tmp_path, program(one, other, ("first", "second")))
    assert set(codes(report)) == {one, other}
    assert report.summary["accounts"]["unexplained"] == 0


def test_a_seed_made_twice_and_a_key_used_twice_are_two_mistakes(tmp_path):
    report = audit(
        tmp_path,
        HEAD
        + "def make():\n"
        + "    key = jax.random.key(0)\n"
        + "    return jax.random.normal(key, (3,)) + jax.random.uniform(key, (3,))\n"
        + "w = jnp.zeros(3)\n"
        + "for i in range(3):\n"
        + "    w = w + make() * w\n"
        + "print(w)\n",
    )
    found = {each.code for each in report.findings}
    assert {"KS101", "KS106"} <= found
    assert "KS101" in codes(report)


def test_a_reuse_in_a_step_and_the_key_of_the_step_are_two_mistakes(tmp_path):
    text = """
        @jax.jit
        def step(w, key):
            return w + jax.random.normal(key, (3,)) * jax.random.uniform(key, (3,))

        key, w = jax.random.key(0), jnp.zeros(3)
        for i in range(3):
            w = step(w, key)
    """
    report = audit(tmp_path, HEAD + textwrap.dedent(text))
    assert {"KS101", "KS201"} <= set(codes(report))


MADE_BEFORE_USED = {
    "KS103": "f = jax.random.split(first)[0]\nh = jax.random.fold_in(first, 0)\n",
    "KS106": "f = jax.random.key(1)\nh = jax.random.key(1)\n",
}


@pytest.mark.parametrize("code", MADE_BEFORE_USED)
def test_two_makings_are_told_apart_where_both_come_before_the_uses(tmp_path, code):
    text = HEAD + "first = jax.random.key(1)\n" + MADE_BEFORE_USED[code]
    text += "print(jax.random.normal(f, (3,)) + jax.random.uniform(h, (3,)))\n"
    assert codes(audit(tmp_path, text)) == [code]
