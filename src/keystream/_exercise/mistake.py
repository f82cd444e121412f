"""What a mistake is: how it is told, and how it is found. And the code that its remedy is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from keystream._exercise.evidence import Sign
from keystream._exercise.leads import Lead
from keystream._exercise.programs import Step

Steps = Mapping[str, Step]


@dataclass(frozen=True)
class Mistake:
    """One mistake, found by its sign or by its outputs: those of the exercise with steps replaced.

    Args:
        name: its short name, such as ``rng-for-rngs``.
        what: what the solution does; this line stands alone.
        why: the consequence, or why it is wrong.
        fix: an instruction, with code to paste.
        lead: the page and the command that say more.
        sign: evidence -> where it shows, or nothing.
        programs: steps of `Program` done otherwise, the commonest way first; one of the programs
            makes the solution's outputs.
        hides: the names, as a pattern, of findings that are untrue or empty talk where this one is.
    """

    name: str
    what: str
    why: str
    fix: str
    lead: Lead
    sign: Sign | None = None
    programs: tuple[Steps, ...] = ()
    hides: str = ""


DEFINITION = "def run_dropout_model(seed, x, dropout_seed, drop_rate, deterministic):"
RNGS = """\
rngs = {"params": jax.random.PRNGKey(int(seed)),
        "dropout": jax.random.PRNGKey(int(dropout_seed))}"""
INIT = "variables = model.init(rngs, x, deterministic=False)"
APPLY = """\
y = model.apply(
    variables, x, deterministic=deterministic >= 0.5,
    rngs={"dropout": jax.random.PRNGKey(int(dropout_seed))})"""
MODEL = """\
@nn.compact
def __call__(self, x, deterministic):
    x = nn.Dense(features=x.shape[-1])(x)
    return nn.Dropout(self.drop_rate, deterministic=deterministic)(x)"""
