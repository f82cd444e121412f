"""Excuses that need a run: each program is excused for one reason, its near miss is found."""

import pytest
from audited import audit, codes, sum_of

JAX = "import jax\nimport jax.numpy as jnp\nkey = jax.random.key(0)\n"

EXCUSED = {
    "recomputed for the gradient": (
        """
        @jax.jit
        @jax.value_and_grad
        @jax.checkpoint
        def slope(w, key):
            return (jnp.sin(w * jax.random.normal(key, (3,))) ** 2).sum()
        slope(jnp.ones(3), key)
        """
    ),
    "declared with jax.random.clone": (
        """
        a = jax.random.normal(key, (3,))
        b = jax.random.normal(jax.random.clone(key), (3,))
        print(a + b)
        """
    ),
    "declared with keystream.common_random_numbers": (
        """
        import keystream
        a = jax.random.normal(key, (3,))
        with keystream.common_random_numbers("two settings on one noise"):
            b = jax.random.normal(key, (3,))
        print(a + b)
        """
    ),
    "compared with each other": (
        """
        a = jax.random.normal(key, (3,))
        b = jax.random.normal(key, (3,))
        assert (a == b).all()
        """
    ),
    "one of the two results is never used": (
        """
        step = jax.jit(lambda key: jax.random.normal(key, (3,)))
        step(key).block_until_ready()
        print(step(key))
        """
    ),
    "one joint shuffle of several arrays": (
        """
        xs, ys = jnp.arange(8), jnp.arange(8)
        xs = jax.random.permutation(key, xs)
        ys = jax.random.permutation(key, ys)
        print(xs + ys)
        """
    ),
}


@pytest.mark.parametrize("reason", EXCUSED)
def test_a_run_is_excused_for_its_reason(tmp_path, reason):
    import textwrap

    report = audit(tmp_path, JAX + textwrap.dedent(EXCUSED[reason]))
    accounts = report.summary["accounts"]
    assert codes(report) == []
    assert sum_of(accounts) == accounts["draws"]
    assert accounts["unexplained"] == 0
    if reason.startswith("recomputed"):
        assert accounts["recomputed"] > 0
    else:
        assert list(accounts["excused"]) == [reason]


FOUND = {
    "a clone of another key": (
        """
        a = jax.random.normal(key, (3,))
        c = jax.random.clone(jax.random.key(1))
        b = jax.random.normal(key, (3,))
        print(a + b + jax.random.normal(c, (3,)))
        """,
        "KS101",
    ),
    "a declaration that ended": (
        """
        import keystream
        a = jax.random.normal(key, (3,))
        with keystream.common_random_numbers("nothing is drawn here"):
            pass
        b = jax.random.normal(key, (3,))
        print(a + b)
        """,
        "KS101",
    ),
    "shapes that are compared": (
        """
        a = jax.random.normal(key, (3,))
        b = jax.random.uniform(key, (3,))
        assert a.shape == b.shape
        print(a + b)
        """,
        "KS101",
    ),
    "a result kept in a list": (
        """
        some, others = [], []
        some.append(jax.random.normal(key, (3,)))
        others.append(jax.random.uniform(key, (3,)))
        """,
        "KS101",
    ),
    "a sum": (
        """
        noise = jax.random.normal(key, (3,))
        noise += jax.random.uniform(key, (3,))
        print(noise)
        """,
        "KS101",
    ),
    "arms of a condition in a loop": (
        """
        total = 0.0
        for i in range(4):
            if i % 2:
                noise = jax.random.normal(key, (3,))
            else:
                noise = jax.random.uniform(key, (3,))
            total = total + noise
        print(total)
        """,
        "KS101",
    ),
    "a trainer that keeps what it made": (
        """
        class Trainer:
            w = jnp.zeros(3)
            def step(self, key):
                self.w = self.w + jax.random.normal(key, (3,))
                return self.w.sum()
        trainer = Trainer()
        loss = trainer.step(key)
        loss = trainer.step(key)
        print(loss)
        """,
        "KS101",
    ),
    "permutations of one array": (
        """
        xs = jnp.arange(8)
        print(jax.random.permutation(key, xs) + jax.random.permutation(key, xs))
        """,
        "KS101",
    ),
    "a rejection loop that never splits": (
        """
        def below(key, bound):
            def again(state):
                return state[0] + 1, jax.random.uniform(key) + 0.1 * state[0]
            return jax.lax.while_loop(lambda s: s[1] < bound, again, (0, 0.0))[1]
        print(jax.jit(jax.vmap(below))(jax.random.split(key, 4), jnp.arange(1.0, 5.0)))
        """,
        "KS203",
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_a_run_that_nearly_is_excused_is_found(tmp_path, name):
    import textwrap

    text, code = FOUND[name]
    report = audit(tmp_path, JAX + textwrap.dedent(text))
    accounts = report.summary["accounts"]
    assert code in codes(report)
    assert sum_of(accounts) == accounts["draws"]
    assert accounts["unexplained"] == 0
