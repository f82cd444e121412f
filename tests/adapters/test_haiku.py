"""The Haiku adapter against Haiku itself."""

import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import keystream as ks
from keystream.errors import UndeclaredStreamError

STREAMS = ks.Streams(0, "params", "dropout", coordinates={"microbatch": 4})
ONES = jnp.ones((4, 32))


@hk.transform
def forward(x):
    x = hk.dropout(hk.next_rng_key(), 0.5, hk.Linear(32)(x))
    return hk.dropout(hk.next_rng_key(), 0.5, x)


def words(key):
    return np.asarray(jax.random.key_data(key)).tolist()


def test_a_key_of_a_name_initialises_and_runs_a_transformed_function():
    params = forward.init(STREAMS.init_rngs()["params"], ONES)
    out = [forward.apply(params, STREAMS.key("dropout", step), ONES) for step in (0, 0, 1)]
    assert (out[0] == out[1]).all()
    assert ((out[0] == 0) != (out[2] == 0)).any()


def test_per_stream_seeds_leave_initial_weights_as_they_were():
    ours = forward.init(ks.Streams(params=3, dropout=4).init_rngs()["params"], ONES)
    theirs = forward.init(jax.random.PRNGKey(3), ONES)
    assert (ours["linear"]["w"] == theirs["linear"]["w"]).all()


def test_a_sequence_is_haikus_own_under_the_key_of_the_name():
    ours = ks.haiku.sequence(STREAMS, "dropout", 5, microbatch=2)
    theirs = hk.PRNGSequence(STREAMS.key("dropout", 5, microbatch=2))
    assert isinstance(ours, hk.PRNGSequence)
    assert [words(next(ours)) for _ in range(4)] == [words(next(theirs)) for _ in range(4)]


def test_a_sequence_begins_anew_at_every_step_and_is_another_at_another_step():
    def first_keys(step):
        return list(map(words, ks.haiku.sequence(STREAMS, "dropout", step).take(3)))

    assert first_keys(5) == first_keys(5)
    distinct = {tuple(key) for step in (5, 6) for key in first_keys(step)}
    assert len(distinct) == 6


def test_a_sequence_works_inside_jit_with_a_traced_step():
    @jax.jit
    def draw(streams, step):
        keys = ks.haiku.sequence(streams, "dropout", step)
        return jnp.stack([jax.random.normal(next(keys)) for _ in range(2)])

    keys = ks.haiku.sequence(STREAMS, "dropout", 5)
    assert draw(STREAMS, 5).tolist() == [float(jax.random.normal(next(keys))) for _ in range(2)]


def test_an_undeclared_stream_is_refused():
    with pytest.raises(UndeclaredStreamError, match="did you mean 'dropout'"):
        ks.haiku.sequence(STREAMS, "dropuot", 0)
