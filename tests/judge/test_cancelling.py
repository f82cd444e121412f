"""What one use of a draw adds another subtracts: read at the line that draws, or that calls its function.

In each program the draws stand at ``draw(``, the first and the second of them, or in a function that
``noise(`` calls for the first and the second time.
"""

import pytest
from written import write

from keystream._evidence.cancelling import cancels

HELPER = "def noise(k):\n    return draw(k)\n\n\ndef main(x, y, k, s):\n"
DRAWN = {
    "by two lines": "def main(x, y, k, s):\n    a = x + draw(k)\n    b = y - draw(k)\n",
    "under names": "def main(x, y, k, s):\n    m = draw(k)\n    a = x + m\n    n = draw(k)\n    b = y - n\n",
    "scaled alike": "def main(x, y, k, s):\n    a = x + s * draw(k)\n    b = y - s * draw(k)\n",
}
CALLED = {
    "in two functions' words": "    a = round(x / s + noise(k))\n    b = (y - noise(k)) * s\n",
}


@pytest.mark.parametrize("text", DRAWN.values(), ids=DRAWN)
def test_what_is_added_and_subtracted_cancels(tmp_path, text):
    source = write(tmp_path, text)
    assert cancels((source.at("draw("),), (source.at("draw(", 1),))


@pytest.mark.parametrize("text", CALLED.values(), ids=CALLED)
def test_what_a_function_draws_is_looked_for_where_it_is_called(tmp_path, text):
    source = write(tmp_path, HELPER + text)
    drawn = source.at("draw(")
    stacks = [(drawn, source.at("noise(", nth)) for nth in (1, 2)]
    assert cancels(*stacks)
    assert cancels(*stacks[::-1])


MIRRORED = {
    "by a condition": "    m = draw(k)\n    x = x + m if s else x - m\n",
    "the other way round": "    m = draw(k)\n    x = x - m if s else x + m\n",
    "scaled before": "    m = 30.0 * draw(k)\n    x = x + m if s else x - m\n",
    "by where": "    m = draw(k)\n    x = jnp.where(s, x + m, x - m)\n",
}


@pytest.mark.parametrize("text", MIRRORED.values(), ids=MIRRORED)
def test_alternatives_of_one_line_cancel_each_other(tmp_path, text):
    source = write(tmp_path, "def main(x, k, s):\n" + text)
    assert cancels((source.at("draw("),), (source.at("draw("),))


NOT = {
    "added twice": "def main(x, y, k, s):\n    a = x + draw(k)\n    b = y + draw(k)\n",
    "subtracted twice": "def main(x, y, k, s):\n    a = x - draw(k)\n    b = y - draw(k)\n",
    "subtracted from": "def main(x, y, k, s):\n    a = x + draw(k)\n    b = draw(k) - y\n",
    "scaled otherwise": "def main(x, y, k, s):\n    a = x + s * draw(k)\n    b = y - draw(k)\n",
    "in one sum": "def main(x, y, k, s):\n    a = draw(k)\n    b = draw(k)\n    c = x + a - b\n",
    "something made of it": "def main(x, y, k, s):\n    a = x + f(draw(k))\n    b = y - f(draw(k))\n",
}


@pytest.mark.parametrize("text", NOT.values(), ids=NOT)
def test_other_sums_are_none(tmp_path, text):
    source = write(tmp_path, text)
    assert not cancels((source.at("draw("),), (source.at("draw(", 1),))


NOT_MIRRORED = {
    "added to other things": "    m = draw(k)\n    x = x + m if s else y - m\n",
    "other draws": "    m = draw(k)\n    x = x + m if s else x - s\n",
    "the target of a diffusion": "    m = draw(k)\n    z = x + m\n    loss = (f(z) - m) ** 2\n",
}


@pytest.mark.parametrize("text", NOT_MIRRORED.values(), ids=NOT_MIRRORED)
def test_one_draw_that_is_used_in_both_ways_does_not_cancel_itself(tmp_path, text):
    source = write(tmp_path, "def main(x, y, k, s):\n" + text)
    assert not cancels((source.at("draw("),), (source.at("draw("),))
