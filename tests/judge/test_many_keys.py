"""More keys, and more uses of a key, than are looked at one by one: the numbers are true all the same."""

import pytest
from audited import audit

MANY = """
import jax

draw = jax.jit(lambda key: jax.random.normal(key))
key = jax.random.key(0)
for i in range({draws}):
    draw(jax.random.fold_in(key, {counter}))
"""


@pytest.mark.parametrize(
    ("draws", "counter", "count", "steps"),
    [(1600, "i // 2", 800, (1, 1599)), (700, "max(0, 20 - i)", 679, (20, 699))],
    ids=["keys", "uses"],
)
def test_counts_and_steps_are_those_of_the_program(tmp_path, draws, counter, count, steps):
    report = audit(tmp_path, MANY.format(draws=draws, counter=counter))
    found = next(each for each in report.findings if each.code == "KS201")
    assert (found.count, found.steps) == (count, steps)
