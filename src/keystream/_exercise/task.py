"""The task as a learner reads it, and its hints. Text alone: showing it loads nothing."""

from __future__ import annotations

from keystream._address import section_of

HINTS = (
    """\
The imports are

    import flax.linen as nn
    import jax
    import jax.numpy as jnp""",
    """\
A Linen module is a dataclass: `drop_rate: float` makes it an argument of
DropoutModel. Layers are made and called inside __call__(self, x,
deterministic), under @nn.compact.""",
    """\
init runs the model once, and with deterministic=False Dropout draws a mask
there too. Give it a dictionary from stream to key. A single key would pass
for 'params', and serve 'dropout' as well, in silence.""",
    """\
init returns the variables. apply takes them first, then what __call__ takes,
then the keys of this run as rngs= (not rng=): a dictionary again, with
'dropout' in it.""",
    """\
PRNGKey takes an integer, so cast the seeds: int(seed). The flag is a float, and
bool(0.3) is True: compare it, deterministic >= 0.5.""",
)

# The page of each hint; of all of them together, the last.
PAGES = (
    "quickstart.md#a-model-that-draws-twice",
    "quickstart.md#a-model-that-draws-twice",
    "quickstart.md#init-takes-a-dictionary",
    "quickstart.md#apply-takes-rngs",
    "lesson.md#the-five-inputs",
)

TASK = f"""\
Dropout with two streams

A model with dropout draws two kinds of random numbers: its initial weights,
once, and a mask, in every training run. Flax Linen keeps them apart by name:
'params' and 'dropout'. Write a file of your own, solution.py say, with

    class DropoutModel(nn.Module):
        drop_rate: float
        # Dense(features=x.shape[-1]), then
        # Dropout(rate=drop_rate, deterministic=deterministic)

    def run_dropout_model(seed, x, dropout_seed, drop_rate, deterministic):
        ...

Make both layers in one @nn.compact method and leave them without names: Flax
folds the names into the keys.

Inputs
    seed           float   of the stream 'params'; cast it to int
    x              array   one-dimensional, float32, at least one number
    dropout_seed   float   of the stream 'dropout'; cast it to int
    drop_rate      float   probability of dropping a value, 0 to 1
    deterministic  float   from 0.5 on it means True: nothing is dropped

Steps
    1. Initialise the model on x with deterministic=False, and with
       PRNGKey(seed) for 'params' and PRNGKey(dropout_seed) for 'dropout'.
    2. Apply it to x with the flag, and PRNGKey(dropout_seed) for 'dropout'.

Output
    what apply returns: a one-dimensional array as long as x

Example
    run_dropout_model(0.0, jnp.array([1.0, 2.0, 3.0, 4.0]), 7.0, 0.5, 0.0)
    [-1.3696913, 0.0, 0.0, 0.0]

Read:      {section_of("quickstart.md")}, ten minutes; as a notebook, examples/lesson.ipynb
Check it:  keystream exercise check solution.py
Hints:     keystream exercise --hint 1   (1 to {len(HINTS)}, or --hints for all)"""
