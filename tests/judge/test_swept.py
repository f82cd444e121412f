"""Seeds that a loop goes through once more for each of its settings. The seed is made by `key(`."""

import pytest
from written import write

from keystream._evidence import seeding


def swept(tmp_path, text):
    return seeding.is_swept(write(tmp_path, text).at("key("), 1)


RUNS = {
    "a run with each": "for n in range(3):\n    for i in range(9):\n        k = key(i)\n        w = draw(k)\n"
    "        for _ in range(3):\n            w = step(w)\n        out.append(w)",
    "a run through the seeds": "for n in range(3):\n    w = init(n)\n    for i in range(9):\n        k = key(i)\n"
    "        w = step(w, draw(k))\n    out.append(w)",
    "the best of all": "for n in range(3):\n    for i in range(9):\n        k = key(i)\n        out.append(score(n, draw(k)))\n"
    "best = max(out)",
    "settings": "for rate in (0.1, 0.2):\n    for i in range(9):\n        k = key(i)\n        out.append(score(rate, draw(k)))",
}  # fmt: skip
NO_RUNS = {
    "a state goes on": "for n in range(3):\n    for i in range(9):\n        k = key(i)\n        w = step(w, draw(k))",
    "a sum of both": "for n in range(3):\n    for i in range(9):\n        k = key(n + i)\n        out.append(score(n, draw(k)))\n"
    "best = max(out)",
    "samples of batches": "for x in data:\n    for i in range(9):\n        k = key(i)\n        out.append(score(x, draw(k)))",
    "one seed": "for n in range(3):\n    k = key(0)\n    w = init(draw(k))\n    for _ in range(3):\n        w = step(w)",
    "a chain of keys is no run": "for x in data:\n    for i in range(9):\n        k = key(i)\n        for _ in range(3):\n"
    "            k, s = split(k)\n        out.append(draw(k))",
}  # fmt: skip


@pytest.mark.parametrize("text", RUNS.values(), ids=RUNS)
def test_runs_and_comparisons_may_go_through_the_same_seeds(tmp_path, text):
    assert swept(tmp_path, text)


@pytest.mark.parametrize("text", NO_RUNS.values(), ids=NO_RUNS)
def test_anything_else_may_not(tmp_path, text):
    assert not swept(tmp_path, text)
