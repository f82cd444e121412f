"""When two calls of one function shall draw alike: common random numbers, one transformation of several.

In each program the first and the second call of ``f(`` are asked about.
"""

import textwrap

import pytest
from audited import audit, codes
from written import write

from keystream._evidence.derivatives import differentiated
from keystream._evidence.paired import (
    contrasted,
    in_contrast,
    is_ordered,
    kept_beside,
    looks_again_later,
)

CONTRASTS = {
    "in one statement": "g = f(x, k) - f(y, k)",
    "in three": "a = f(x, k)\nb = f(y, k)\ng = b - a",
    "a central difference": "g = (f(x + h, k) - f(x - h, k)) / (2 * h)",
    "by means": "a = f(x, k)\nb = f(y, k)\nprint(float(a.mean()) - float(b.mean()))",
    "by the square of a difference": "a = f(x, k)\nb = f(y, k)\nprint(((a - b) ** 2).mean())",
    "a second difference": "d = (f(x + h, k) - 2 * f(x - h, k) + f(x, k)) / h**2",
    "in another order": "d = f(x + h, k) + f(x, k) - 2 * f(x - h, k)",
    "by order": "a = f(x, k)\nb = f(y, k)\nbetter = a < b",
    "bound as a pair": "a, b = f(x, k), f(y, k)\ngain = a - b",
    "an element": "a = f(x, k)['y']\nb = f(y, k)['y']\nprint(b - a)",
    "the first of several results": "a, s = f(x, k)\nb, t = f(y, k)\nprint(b - a)",
    "what is measured of both alike": (
        "a = f(x, k)\nb = f(y, k)\none, two = measure(a, data), measure(b, data)\ngap = one - two"
    ),
    "leaf by leaf": "a = f(x, k)\nb = f(y, k)\nd = jax.tree.map(lambda p, q: p - q, a, b)",
    "in a dictionary": "r = {}\nr['a'] = f(x, k)\nr['b'] = f(y, k)\nprint(r['a'] - r['b'])",
    "through a name for its input": "z = x + 1\na = f(z, k)\nb = f(x, k)\nprint(a - b)",
}


def calls(tmp_path, text):
    """Where the two calls of a program stand."""
    source = write(tmp_path, text)
    return source.at("f("), source.at("f(", 1)


@pytest.mark.parametrize("text", CONTRASTS.values(), ids=CONTRASTS)
def test_results_at_two_points_that_are_subtracted_are_a_contrast(tmp_path, text):
    assert contrasted(*calls(tmp_path, text))


NO_CONTRASTS = {
    "a sum": "g = f(x, k) + f(y, k)",
    "one point": "g = f(x, k) - f(x, k)",
    "one point under two names": "z = x\ng = f(x, k) - f(z, k)",
    "one key under two names": "i = k\nj = k\ng = f(x, i) - f(x, j)",
    "each with a third": "a = f(x, k)\nb = f(y, k)\nprint(a - target, b - target)",
    "something wider": "a = f(x, k)\nb = f(y, k)\nprint(r + g * a - b)",
    "something wider with a number": "a = f(x, k)\nb = f(y, k)\nprint(r + 0.99 * a - b)",
    "other parts": "a, s = f(x, k)\nb, t = f(y, k)\nprint(a - t)",
    "measured by two functions": "a = f(x, k)\nb = f(y, k)\nprint(train(a) - test(b))",
    "measured on other data": "a = f(x, k)\nb = f(y, k)\nprint(loss(a, d) - loss(b, e))",
    "of what they were before": "a = f(x, k)\nb = f(y, k)\na = 1\nprint(a - b)",
    "nothing takes both": "a = f(x, k)\nb = f(y, k)",
}


@pytest.mark.parametrize("text", NO_CONTRASTS.values(), ids=NO_CONTRASTS)
def test_anything_else_is_no_contrast(tmp_path, text):
    assert not contrasted(*calls(tmp_path, text))


def test_calls_of_two_functions_are_no_contrast(tmp_path):
    source = write(tmp_path, "g = f(x, k) - l(y, k)")
    assert not contrasted(source.at("f("), source.at("l("))


DESCENDED = {
    "a function handed over": "def loss(p):\n    return f(x, k) - f(y, k)\njax.grad(loss)(p)",
    "a decorated one": "@jax.value_and_grad\ndef loss(p):\n    return f(x, k) - f(y, k)",
    "one that a loss calls": (
        "def gap(p):\n    return f(x, k) - f(y, k)\n\ndef loss(p):\n    return gap(p)\n"
        "nnx.value_and_grad(loss)(p)"
    ),
    "one that a lambda calls": (
        "def gap(p):\n    return f(x, k) - f(y, k)\njax.grad(lambda p: gap(p) ** 2)(p)"
    ),
    "the lambda itself": "jax.grad(lambda p: f(x, k) - f(y, k))(p)",
}


@pytest.mark.parametrize("text", DESCENDED.values(), ids=DESCENDED)
def test_what_training_descends_is_no_contrast(tmp_path, text):
    first, second = calls(tmp_path, text)
    assert differentiated(first)
    assert not contrasted(first, second)


BESIDE = {
    "a tuple": "return_ = (f(k, image), f(k, mask))",
    "a dictionary": "batch = {'image': f(k, image), 'mask': f(k, mask)}",
    "names of their own": "image = f(k, image)\nmask = f(k, mask)",
    "deeper in a tuple": "pair = (crop(c, f(k, image)), f(k, mask))",
}


@pytest.mark.parametrize("text", BESIDE.values(), ids=BESIDE)
def test_two_arrays_that_stay_beside_each_other_are_seen(tmp_path, text):
    assert kept_beside(*calls(tmp_path, text))


TOGETHER = {
    "a sum": "z = f(k, a) + f(k, b)",
    "one array twice": "views = (f(k, image), f(k, image))",
    "how they are transformed differs": "image, mask = f(k, image, 1), f(k, mask, 2)",
    "in one element": "pair = (f(k, a) + f(k, b), c)",
}


@pytest.mark.parametrize("text", TOGETHER.values(), ids=TOGETHER)
def test_what_is_made_of_both_is_not_beside(tmp_path, text):
    assert not kept_beside(*calls(tmp_path, text))


ORDERED = {
    "under a name": "score = vmap(f)(x)\nrank = jnp.argsort(score)",
    "by its sign": "best = jnp.argmax(-vmap(f)(x))",
    "by a method": "score = vmap(f)(x)\nbest = score.argmin()",
    "of a named batch": "score_all = vmap(f)\ns = score_all(x)\norder = sorted(s)",
}


@pytest.mark.parametrize("text", ORDERED.values(), ids=ORDERED)
def test_members_that_are_put_in_order_are_seen(tmp_path, text):
    assert is_ordered(write(tmp_path, text).at("vmap("))


UNORDERED = {
    "another array": "score = vmap(f)(x)\nrank = jnp.argsort(x)",
    "what is made of it": "score = vmap(f)(x)\nrank = jnp.argsort(score + noise)",
    "a mean": "score = vmap(f)(x)\nprint(score.mean())",
}


@pytest.mark.parametrize("text", UNORDERED.values(), ids=UNORDERED)
def test_members_that_nothing_orders_are_not(tmp_path, text):
    assert not is_ordered(write(tmp_path, text).at("vmap("))


def test_both_calls_of_a_contrast_are_in_one(tmp_path):
    source = write(
        tmp_path, "for i in r:\n    d.append(f(x + i, k) - f(x - i, k))\n    f(x, k) + 1"
    )
    assert in_contrast(source.at("f("))
    assert in_contrast(source.at("f(", 1))
    assert not in_contrast(source.at("f(", 2))


AGAIN = {
    "trained in between": "a = f(model, k)\nmodel = fit(model, data)\nb = f(model, k)",
    "with other results": "a = f(w, k)\nw, loss = fit(w)\nr['b'] = f(w, k)",
}


@pytest.mark.parametrize("text", AGAIN.values(), ids=AGAIN)
def test_what_went_on_is_looked_at_again(tmp_path, text):
    assert looks_again_later(*calls(tmp_path, text))


NOT_AGAIN = {
    "nothing changed": "a = f(model, k)\nb = f(model, k)",
    "the next batch": "a = f(batch, k)\nbatch = next(batches)\nb = f(batch, k)",
    "another input": "a = f(model, k)\nmodel = fit(model)\nb = f(model, x, k)",
    "something else went on": "a = f(model, k)\nother = fit(other)\nb = f(model, k)",
}


@pytest.mark.parametrize("text", NOT_AGAIN.values(), ids=NOT_AGAIN)
def test_anything_else_is_not_looked_at_again(tmp_path, text):
    assert not looks_again_later(*calls(tmp_path, text))


# Whole programs.

NOTED = {
    "two settings compared": """
        def run(rate, key):
            x = jax.random.normal(key, (4, 3))
            return (rate * x * jax.random.bernoulli(jax.random.fold_in(key, 1), 0.5, (4, 3))).mean()
        slow, fast = run(0.1, key), run(0.3, key)
        print(fast - slow)
        """,
    "an image and its mask turned alike": """
        def flip(key, array):
            return jnp.where(jax.random.bernoulli(key), array[::-1], array)
        def prepare(key, image, mask):
            return flip(key, image), flip(key, mask)
        keys = jax.random.split(key, 4)
        images, masks = jax.vmap(prepare)(keys, jnp.ones((4, 3)), jnp.zeros((4, 3)))
        print(images.sum() + masks.sum())
        """,
    "a trained model compared with another": """
        def fit(rate, key):
            w = jnp.ones(3)
            for i in range(3):
                drop = jax.random.fold_in(key, i)
                w = w - rate * jax.grad(lambda p: (p * jax.random.normal(drop, (3,))).sum())(w)
            return w
        one = fit(0.1, key)
        two = fit(0.2, key)
        print(jnp.abs(one - two).max())
        """,
}
FOUND = {
    "two critics that a loss subtracts": """
        def critic(w, x, key):
            return (w * x * jax.random.bernoulli(key, 0.5, x.shape)).mean()
        def loss(w, key):
            return critic(w, jnp.ones(8), key) - critic(w, jnp.arange(8.0), key)
        print(jax.jit(jax.grad(loss))(1.0, key))
        """,
    "noise for two arrays": """
        def jitter(key, array):
            return array + jax.random.normal(key, array.shape)
        def prepare(key, image, mask):
            return jitter(key, image), jitter(key, mask)
        images, masks = jax.jit(prepare)(key, jnp.ones((4, 3)), jnp.zeros((4, 3)))
        print(images.sum() + masks.sum())
        """,
    "two corners of a crop": """
        top = jax.random.randint(key, (), 0, 8)
        left = jax.random.randint(key, (), 0, 9)
        print(top + left)
        """,
    "two runs at one setting": """
        def run(rate, key):
            return (rate * jax.random.normal(key, (4, 3))).mean()
        print(run(0.1, key) - run(0.1, key) + 1)
        """,
}
START = "import jax\nimport jax.numpy as jnp\nkey = jax.random.key(0)\n"


def program(text: str) -> str:
    """A program with the lines that all begin with."""
    return START + textwrap.dedent(text)


@pytest.mark.parametrize("text", NOTED.values(), ids=NOTED)
def test_draws_that_shall_be_equal_are_a_note_that_says_why(tmp_path, text):
    report = audit(tmp_path, program(text))
    assert codes(report) == []
    noted = [found for found in report.findings if found.code == "KS101"]
    assert noted
    assert all("so it seems meant" in found.why for found in noted)


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_draws_that_should_differ_are_found(tmp_path, text):
    assert codes(audit(tmp_path, program(text))) == ["KS101"]
