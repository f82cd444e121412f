"""A line makes a key of a seed and hands it on at once; another key of that seed was made before."""

from audited import audit

PROGRAM = """
import jax


def init(key):
    return jax.random.normal(key, (3,))


@jax.jit
def step(key, weights):
    return weights + 0.1 * jax.random.normal(key, weights.shape)


key = jax.random.key(42)
weights = init(key)
for epoch in range(3):
    order = jax.random.permutation(jax.random.key(42), 4)
    for _ in order.tolist():
        weights = step(key, weights)
print(weights)
"""


def at(report, code):
    return [found for found in report.findings if found.code == code]


def test_a_key_that_is_never_renewed_is_told_beside_the_seed_that_is_made_again(tmp_path):
    report = audit(tmp_path, PROGRAM)
    (frozen,), (again,) = at(report, "KS201"), at(report, "KS106")
    assert frozen.locations[0].line == 18
    assert again.locations[0].line == 16


def test_its_way_begins_where_it_was_made_and_not_at_the_other_line(tmp_path):
    (frozen,) = at(audit(tmp_path, PROGRAM), "KS201")
    assert all("program.py:13" in way[0] for way in frozen.lineage)


def test_both_places_that_drew_from_it_are_told(tmp_path):
    (shared,) = at(audit(tmp_path, PROGRAM), "KS101")
    assert {place.line for place in shared.locations} >= {5, 10}
