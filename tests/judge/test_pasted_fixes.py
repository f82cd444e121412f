"""A fix that is pasted at the lines that the finding names removes it: run, paste, run again."""

import re
import textwrap
from pathlib import Path

import pytest
from audited import audit

PART = r"\b(?:first_key|second_key|draw_key|step_key)\b"


def paste(text: str, finding) -> str:
    """The program with a fix in it: each line of the fix in place of the statement that it rewrites.

    The line that splits goes before the first of the statements.
    """
    _, split, *lines = finding.fix.split("\n")
    name = re.search(r"split\((\w+)\)", split)
    assert name is not None, finding.fix
    assert lines, finding.fix
    program = text.splitlines()
    named = {place.line for place in (*finding.locations, *finding.related)}
    touched = []
    for line in lines:
        before = re.sub(PART, name[1], line)
        row = next(
            number
            for number, old in enumerate(program)
            if old.strip() == before.strip() and number + 1 in named
        )
        indent = program[row][: len(program[row]) - len(program[row].lstrip())]
        program[row] = indent + line.strip()
        touched.append((row, indent))
    row, indent = min(touched)
    program.insert(row, indent + split)
    return "\n".join(program) + "\n"


def check(tmp_path: Path, code: str, text: str):
    text = textwrap.dedent(text).lstrip("\n")
    found = [each for each in audit(tmp_path, text).findings if each.code == code]
    assert len(found) == 1
    after = audit(tmp_path, paste(text, found[0]), "fixed.py")
    assert [each for each in after.findings if each.severity != "note"] == []


PLAIN = {
    "KS101": """
        import jax
        rng = jax.random.key(0)
        weights = jax.random.normal(rng, (3,))
        noise = jax.random.uniform(rng, (3,))
        print(weights + noise)
    """,
    "KS102": """
        import jax
        rng = jax.random.key(0)
        noise = jax.random.normal(rng, (3,))
        one, other = jax.random.split(rng)
        print(noise + jax.random.normal(one, (3,)) + jax.random.normal(other, (3,)))
    """,
    "KS201": """
        import jax, jax.numpy as jnp
        step = jax.jit(lambda w, key: w + jax.random.normal(key, w.shape))
        rng, w = jax.random.key(0), jnp.zeros(3)
        for i in range(3):
            w = step(w, rng)
    """,
}

LINEN = """
    import jax, jax.numpy as jnp
    import flax.linen as nn
    net = nn.Dropout(0.5, deterministic=False)
    rng, x = jax.random.key(0), jnp.ones((4, 8))
"""
EQUINOX = """
    import equinox as eqx, jax, jax.numpy as jnp
    net = eqx.nn.Dropout(0.5)
    rng, x = jax.random.key(0), jnp.ones((4, 8))
"""
HAIKU = """
    import haiku as hk, jax, jax.numpy as jnp
    net = hk.transform(lambda x: hk.dropout(hk.next_rng_key(), 0.5, x))
    rng, x = jax.random.key(0), jnp.ones((4, 8))
"""
NUMPYRO = """
    import jax, jax.numpy as jnp
    import numpyro.distributions as dist
    rng = jax.random.key(0)
"""
NNX = """
    import jax, jax.numpy as jnp
    from flax import nnx
    net = nnx.Dropout(0.5, deterministic=False)
    rng, x = jax.random.key(0), jnp.ones((4, 8))
"""
CALLS = {
    "linen": (LINEN, "net.apply({}, x, rngs={'dropout': rng})"),
    "equinox": (EQUINOX, "net(x, key=rng)"),
    "haiku": (HAIKU, "net.apply({}, rng, x)"),
    "numpyro": (NUMPYRO, "dist.Normal(0, 1).sample(rng, (4, 8))"),
    "nnx": (NNX, "net(x, rngs=nnx.Rngs(dropout=rng))"),
}


def program_of(kind: str, code: str) -> str:
    head, call = CALLS[kind]
    body = {
        "KS101": f"one = {call}\nother = 1 + {call}\nprint(one + other)",
        "KS102": f"one = 1 + jax.random.normal(rng, (4, 8))\nother = {call}\nprint(one + other)",
        "KS201": f"w = 0\nfor i in range(3):\n    w = w * 2 + {call}",
    }[code]
    if code == "KS102" and kind in ("equinox", "numpyro"):  # they draw from the key itself
        body = (
            f"one = {call}\na, b = jax.random.split(rng)\nprint(one + jax.random.normal(a, (4, 8)))"
        )
    return textwrap.dedent(head) + body + "\n"


@pytest.mark.parametrize("code", PLAIN)
def test_a_pasted_fix_removes_the_finding_of_plain_jax(tmp_path, code):
    check(tmp_path, code, PLAIN[code])


@pytest.mark.parametrize("code", ["KS101", "KS102", "KS201"])
@pytest.mark.parametrize("kind", CALLS)
def test_a_pasted_fix_removes_the_finding_of_a_framework(tmp_path, kind, code):
    module = {"linen": "flax", "nnx": "flax"}.get(kind, kind)
    pytest.importorskip(module)
    check(tmp_path, code, program_of(kind, code))
