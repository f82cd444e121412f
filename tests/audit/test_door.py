"""The program runs as it would without the audit, and JAX is as it was when the audit has ended."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import keystream as ks
from keystream import _jax_door as door
from keystream.errors import UntestedJaxError


def training(steps=3):
    @jax.jit
    def step(w, key):
        def loss(w):
            keep = jax.random.bernoulli(key, 0.5, w.shape)
            return jnp.sum(jnp.where(keep, w, 0.0) ** 2)

        return w - 0.1 * jax.grad(loss)(w)

    key, w = jax.random.key(0), jnp.arange(8.0)
    for _ in range(steps):
        key, sub = jax.random.split(key)
        w = step(w, sub) + jax.random.normal(sub, w.shape)
    return np.asarray(w)


def draws(audit):
    recording = audit.recording
    return [
        recording.sites[site]
        for site in recording.key_sites
        if recording.sites[site].kind == "draw"
    ]


def test_results_are_the_same_to_the_bit():
    expected = training()
    with ks.audit():
        assert np.array_equal(training(), expected)


def test_jax_is_as_it_was_when_the_audit_has_ended():
    parts = door._parts()
    rules = {name: primitive.impl for name, primitive in door.key_primitives().items()}
    former = parts["pjit"]._run_python_pjit, parts["pjit"].jit_p.impl
    with ks.audit():
        assert parts["pjit"].jit_p.impl is not former[1]
    assert (parts["pjit"]._run_python_pjit, parts["pjit"].jit_p.impl) == former
    assert {name: p.impl for name, p in door.key_primitives().items()} == rules


def test_a_function_compiled_before_the_audit_is_seen_and_not_compiled_again():
    traced = []

    @jax.jit
    def noise(key):
        traced.append(1)
        return jax.random.normal(key)

    noise(jax.random.key(0))
    with ks.audit() as audit:
        noise(jax.random.key(1))
        noise(jax.random.key(2))
    noise(jax.random.key(3))
    assert len(draws(audit)) == 2
    assert len(traced) == 1


@pytest.mark.parametrize(
    "transform", ["grad", "vmap", "scan", "cond", "compiled", "thread", "callback"]
)
def test_a_draw_is_seen_wherever_it_runs(transform):
    key = jax.random.key(0)

    def in_thread():
        thread = threading.Thread(target=lambda: jax.random.normal(key))
        thread.start()
        thread.join()

    shape = jax.ShapeDtypeStruct((), jnp.float32)
    run = {
        "grad": lambda: jax.grad(lambda x: x * jax.random.normal(key))(1.0),
        "vmap": lambda: jax.vmap(jax.random.normal)(jax.random.split(key, 3)),
        "scan": lambda: jax.lax.scan(
            lambda c, k: (c, jax.random.normal(k)), 0.0, jax.random.split(key, 3)
        ),
        "cond": lambda: jax.lax.cond(True, jax.random.normal, jax.random.uniform, key),
        "compiled": lambda: compiled(key),
        "thread": in_thread,
        "callback": lambda: jax.pure_callback(lambda: np.asarray(jax.random.normal(key)), shape),
    }[transform]
    with ks.audit() as audit:
        compiled = jax.jit(jax.random.normal).lower(key).compile()
        jax.block_until_ready(run())
    assert draws(audit)
    assert audit.recording.unseen == {}


def test_abstract_tracing_draws_nothing():
    with ks.audit() as audit:
        key = jax.random.key(0)
        jax.eval_shape(jax.random.normal, key)
        jax.make_jaxpr(jax.random.normal)(key)
        jax.jit(jax.random.normal).lower(key)
    assert draws(audit) == []


def test_a_program_compiled_ahead_of_time_before_the_audit_is_counted_as_unseen():
    key = jax.random.key(0)
    compiled = jax.jit(jax.random.normal).lower(key).compile()
    with ks.audit() as audit:
        compiled(key)
    assert audit.recording.unseen == {"a program compiled ahead of time before the audit began": 1}
    assert [found.code for found in audit.findings] == ["KS902"]


def test_effects_happen_once_and_donation_still_works():
    seen = []

    def step(state):
        jax.debug.callback(lambda x: seen.append(float(x)), state["w"].sum())
        key, sub = jax.random.split(state["key"])
        return {"key": key, "w": state["w"] + jax.random.normal(sub, (2,))}

    jitted = jax.jit(step, donate_argnums=0)
    state = {"key": jax.random.key(0), "w": jnp.zeros(2)}
    with ks.audit() as audit:
        for _ in range(3):
            state = jitted(state)
        jax.effects_barrier()
    assert len(seen) == 3
    assert len(draws(audit)) == 3
    assert audit.findings == ()


def test_the_users_exception_passes_through_unchanged():
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught, ks.audit():
        raise error
    assert caught.value is error


def test_an_audit_within_an_audit_sees_its_own_part():
    key, other = jax.random.split(jax.random.key(0))
    with ks.audit() as outer:
        jax.random.normal(key)
        with ks.audit() as inner:
            jax.random.normal(other)
    assert len(draws(inner)) == 1
    assert len(draws(outer)) == 2


def test_steps_that_the_program_sets_are_shown():
    key = jax.random.key(0)
    with ks.audit() as audit:
        for number in (40, 41, 42):
            ks.step(number)
            jax.random.normal(key)
    assert [found.steps for found in audit.findings] == [(40, 42)]


@pytest.fixture
def unproven(monkeypatch):
    """A process in which no canary has been through the door."""
    monkeypatch.setattr(door, "_trusted", [])
    jax.random.key(0)  # the devices are started
    return monkeypatch


def test_the_canary_goes_through_the_door_once_a_process(unproven):
    runs = []
    unseen = door._jax_canary.unseen
    unproven.setattr(door._jax_canary, "unseen", lambda open_: runs.append(1) or unseen(open_))
    for _ in range(2):
        with ks.audit() as audit:
            jax.random.normal(jax.random.key(0))
        assert len(draws(audit)) == 1
    assert runs == [1]


def test_the_canary_is_shown_the_same_whatever_the_users_settings(unproven):
    with jax.disable_jit(), jax.transfer_guard("disallow"), ks.audit():
        pass
    assert door._trusted


@pytest.mark.parametrize(
    ("blinded", "missed"),
    [
        ("_observe_key_primitives", "a seed made into a key, a clone of a key"),
        ("_observe_ahead_of_time", "a call of a program compiled ahead of time"),
        ("_observe_jit", "the first call of a compiled function, a repeated call of it"),
    ],
)
def test_a_door_that_shows_less_than_runs_stays_shut(unproven, blinded, missed):
    unproven.setattr(door, blinded, lambda *args: None)
    with pytest.raises(UntestedJaxError) as caught, ks.audit():
        pass
    assert caught.value.code == "KS011"
    assert f"it was not shown {missed};" in str(caught.value)
    assert not door._doors


def test_before_the_program_starts_jax_the_canary_waits_until_the_door_closes(unproven):
    started = []
    unproven.setattr(door._parts()["xla_bridge"], "backends_are_initialized", lambda: bool(started))
    unproven.setattr(door._jax_canary, "unseen", lambda open_: ["everything"])

    def run(then=None):
        started.clear()
        with ks.audit():
            started.append(1)
            if then is not None:
                raise then

    with pytest.raises(UntestedJaxError):
        run()
    assert started
    with pytest.raises(ValueError, match="mine"):
        run(ValueError("mine"))


@pytest.mark.parametrize("version", [(0, 8, 3), (0, 13, 0), (1, 0, 0)])
def test_a_version_that_was_not_tested_is_refused_unless_it_is_asked_for(monkeypatch, version):
    monkeypatch.setattr(door, "_modules", {})
    monkeypatch.setattr(jax, "__version_info__", version)
    monkeypatch.setattr(jax, "__version__", ".".join(map(str, version)))
    with pytest.raises(UntestedJaxError) as caught, ks.audit():
        pass
    assert str(caught.value) == (
        f"The audit can't look into JAX {'.'.join(map(str, version))}.\n"
        "  where: keystream audit\n"
        "  why:   it reads calls through parts of JAX that no release promises to keep; tested are "
        "0.9, 0.10, 0.11, 0.12.\n"
        "  fix:   pip install 'jax>=0.9,<0.13', or set KEYSTREAM_UNTESTED_JAX=1 to try an untested "
        "version\n"
        "  KS011 untested-jax (keystream rule KS011)"
    )
    monkeypatch.setenv("KEYSTREAM_UNTESTED_JAX", "1")
    with ks.audit() as audit:
        jax.random.normal(jax.random.key(0))
    assert len(draws(audit)) == 1
