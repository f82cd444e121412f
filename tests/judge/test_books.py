"""The books of random programs balance: every draw stands in exactly one account, none is unexplained."""

from audited import audit, sum_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HEAD = """
import jax
import jax.numpy as jnp

@jax.jit
def noisy(x, key):
    return x + jax.random.normal(key, (2,))

@jax.jit
def twice(x, key):
    return x + jax.random.normal(key, (2,)) * jax.random.uniform(key, (2,))

@jax.jit
def scanned(x, key):
    def body(x, _):
        return x + jax.random.normal(key, (2,)), None
    return jax.lax.scan(body, x, None, length=3)[0]

@jax.jit
def batched(x, key):
    keys = jnp.stack([key, key])
    return x + jax.vmap(lambda k: jax.random.normal(k))(keys)

@jax.jit
@jax.value_and_grad
def slope(x, key):
    return jax.checkpoint(lambda x: (jnp.sin(x * jax.random.normal(key, (2,))) ** 2).sum())(x)

x = jnp.ones(2)
keys = [jax.random.key(0), jax.random.key(1)]
"""

KEY = st.integers(0, 7).map(lambda n: f"keys[{n} % len(keys)]")
MAKING = st.one_of(
    st.integers(0, 1).map(lambda seed: f"keys.append(jax.random.key({seed}))"),
    KEY.map(lambda key: f"keys.extend(jax.random.split({key}))"),
    st.tuples(KEY, st.integers(0, 2)).map(
        lambda made: f"keys.append(jax.random.fold_in({made[0]}, {made[1]}))"
    ),
    KEY.map(lambda key: f"keys.append(jax.random.clone({key}))"),
)
DRAW = st.one_of(
    KEY.map(lambda key: f"x = x + jax.random.normal({key}, (2,))"),
    KEY.map(lambda key: f"jax.random.normal({key}, (2,))"),
    KEY.map(lambda key: f"x = jax.random.permutation({key}, x)"),
    st.tuples(st.sampled_from(["noisy", "twice", "scanned", "batched"]), KEY).map(
        lambda call: f"x = {call[0]}(x, {call[1]})"
    ),
    KEY.map(lambda key: f"print(slope(x, {key}))"),
    KEY.map(
        lambda key: (
            f"print((jax.random.normal({key}, (2,)) == jax.random.normal({key}, (2,))).all())"
        )
    ),
)
LINE = st.one_of(MAKING, DRAW, DRAW)


@st.composite
def looped(draw):
    lines = draw(st.lists(LINE, min_size=1, max_size=3))
    body = "\n".join(f"    {line}" for line in lines)
    return f"for _ in range({draw(st.integers(1, 3))}):\n{body}"


PROGRAM = st.lists(st.one_of(LINE, LINE, looped()), min_size=2, max_size=8).map("\n".join)


@settings(
    max_examples=12, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(PROGRAM)
def test_the_books_of_a_random_program_balance(tmp_path, program):
    report = audit(tmp_path, HEAD + program)
    accounts = report.summary["accounts"]
    assert sum_of(accounts) == accounts["draws"], program
    assert accounts["unexplained"] == 0, program
    assert accounts["in_findings"] == 0 or report.findings, program
