"""Errors that end a program are findings where they are mistakes of randomness."""

import os
import subprocess
import sys

import equinox as eqx
import flax.linen as nn
import haiku as hk
import jax
import jax.numpy as jnp
import pytest

import keystream as ks


def one_key_for_two_draws():
    with jax.debug_key_reuse(True):
        key = jax.random.key(0)
        return jax.random.normal(key) + jax.random.uniform(key)


def array_of_keys():
    return jax.random.normal(jax.random.split(jax.random.key(0), 3))


def number_for_a_key():
    return jax.random.normal(0)


def none_for_a_key():
    return jax.random.normal(None)


def key_array_carried():
    def step(key, _):
        return jax.random.split(key, 1), jax.random.normal(key)

    return jax.lax.scan(step, jax.random.key(0), length=3)


def percent_for_a_rate():
    forward = hk.transform(lambda x: hk.dropout(hk.next_rng_key(), 20, x))
    return forward.apply({}, jax.random.key(0), jnp.ones(3))


def no_rng_for_haiku():
    forward = hk.transform(lambda x: hk.dropout(hk.next_rng_key(), 0.2, x))
    return forward.apply({}, None, jnp.ones(3))


def no_stream_for_flax():
    return nn.Dropout(0.5, deterministic=False).apply({}, jnp.ones(3))


def misspelt_stream():
    rngs = {"drop_out": jax.random.key(0)}
    return nn.Dropout(0.5, deterministic=False).apply({}, jnp.ones(3), rngs=rngs)


def rng_for_rngs():
    return nn.Sequential([nn.relu]).apply({}, jnp.ones(3), rng=jax.random.key(0))


def mode_not_given():
    return nn.Dropout(0.5).apply({}, jnp.ones(3), rngs={"dropout": jax.random.key(0)})


def no_key_for_equinox():
    return eqx.nn.Dropout(0.5)(jnp.ones(3))


def leaked_key():
    class Sampler:
        key = jax.random.key(0)

        def draw(self, x):
            self.key, sub = jax.random.split(self.key)
            return x + jax.random.normal(sub)

    sampler = Sampler()
    jax.jit(sampler.draw)(1.0)
    return jax.jit(sampler.draw)(jnp.ones(2))


FAILING = [
    (one_key_for_two_draws, "KS101"),
    (array_of_keys, "KS110"),
    (number_for_a_key, "KS110"),
    (none_for_a_key, "KS405"),
    (key_array_carried, "KS110"),
    (percent_for_a_rate, "KS603"),
    (no_rng_for_haiku, "KS405"),
    (no_stream_for_flax, "KS405"),
    (misspelt_stream, "KS407"),
    (rng_for_rngs, "KS406"),
    (mode_not_given, "KS604"),
    (no_key_for_equinox, "KS405"),
    (leaked_key, "KS503"),
]


@pytest.mark.parametrize(("fails", "code"), FAILING, ids=[each.__name__ for each, _ in FAILING])
def test_an_error_of_randomness_is_one_finding_on_the_line_that_failed(fails, code):
    with pytest.raises(Exception) as raised, ks.audit() as audit:  # noqa: PT011 (any library's)
        fails()
    assert raised.value is audit.recording.error
    counted = [finding for finding in audit.findings if finding.severity != "note"]
    assert [finding.code for finding in counted] == [code]
    assert not audit.recording.unseen or fails is leaked_key  # its next trace can't be planned
    assert any(fails.__name__ in place.function for place in counted[0].locations)


def test_an_error_that_has_nothing_to_do_with_keys_is_no_finding():
    with pytest.raises(TypeError), ks.audit() as audit:
        jnp.dot(jnp.ones(3), None)
    assert audit.findings == ()


def test_a_program_sets_the_number_of_devices_itself(tmp_path):
    script = tmp_path / "devices.py"
    script.write_text(
        "import os\n"
        "os.environ['XLA_FLAGS'] = '--xla_force_host_platform_device_count=3'\n"
        "import jax\n"
        "print(len(jax.devices()))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    done = subprocess.run(
        [sys.executable, "-m", "keystream", "audit", str(script)],
        capture_output=True,
        check=False,
        env=environment,
        text=True,
    )
    assert done.stdout.splitlines()[0] == "3", done.stdout + done.stderr


def shuffled(key, *arrays):
    return [jax.random.permutation(key, array) for array in arrays]


def test_calls_of_a_sampler_that_lie_at_one_address_are_all_seen():
    arrays = jnp.ones((60, 4)), jnp.arange(60.0), jnp.ones(60)
    with ks.audit() as audit:
        _, key = jax.random.split(jax.random.key(0))
        for _ in range(8):
            key, sub = jax.random.split(key)
            shuffled(sub, *arrays)  # the frames of its samplers take each other's place
    assert audit.report.summary["draws"] == 8 * 3
