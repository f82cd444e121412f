"""What makes a draw again is no second draw; what makes it for the first time is one."""

import jax
import jax.numpy as jnp
import pytest

import keystream as ks
from keystream._plan import census, primitives
from keystream._plan.regions import Region

KEY = jax.random.key(0)
X = jnp.ones(3)


def layer(w, x):
    return x * w * jax.random.bernoulli(KEY, 0.5, x.shape)


def codes(function, *args):
    return [finding.code for finding in ks.plan(function, *args).findings()]


def gradient(transform):
    return jax.grad(lambda w, x: transform(layer)(w, x).sum())


@pytest.mark.parametrize("jit", [lambda f: f, jax.jit], ids=["plain", "jitted"])
def test_a_repeat_counts_as_the_draw_where_the_forward_pass_is_discarded(jit):
    """Of the gradient alone nothing needs the forward pass, and JAX compiles the repeat only."""
    assert codes(jit(gradient(lambda f: f)), X, X) == ["KS503"]
    assert codes(jit(gradient(jax.checkpoint)), X, X) == ["KS503"]


def test_a_repeat_stays_one_where_the_forward_pass_is_used():
    plan = ks.plan(
        jax.value_and_grad(lambda w: jnp.sum(jax.checkpoint(layer)(jnp.sin(w), X) ** 2)), X
    )
    assert ["remat" in site.flags for site in plan.draws] == [False, True]
    assert codes(jax.value_and_grad(lambda w: jnp.sum(jax.checkpoint(layer)(w, X) ** 2)), X) == [
        "KS503"
    ]


def network(key, w, x):
    """Four layers, each within two checkpoints, each with a key of its own."""

    @jax.checkpoint
    def block(carry, key):
        inner = jax.checkpoint(lambda x: x * w * jax.random.bernoulli(key, 0.5, x.shape))
        return jnp.sin(inner(carry)), None

    return jax.lax.scan(block, x, jax.random.split(key, 4))[0].sum()


@pytest.mark.parametrize("transform", [jax.grad, jax.value_and_grad], ids=["alone", "and value"])
def test_checkpoints_in_checkpoints_make_no_second_draw(transform):
    assert codes(transform(network, argnums=1), KEY, X, X) == []
    assert codes(jax.jit(transform(network, argnums=1)), KEY, X, X) == []


def unrolled(key, w, x):
    for sub in jax.random.split(key, 3):
        x = jax.checkpoint(lambda x, sub=sub: x * w * jax.random.bernoulli(sub, 0.5, x.shape))(x)
    return x.sum()


@pytest.mark.parametrize("transform", [jax.grad, jax.value_and_grad], ids=["alone", "and value"])
def test_each_layer_of_one_line_has_its_own_draw_and_repeat(transform):
    plan = ks.plan(transform(unrolled, argnums=1), KEY, X, X)
    assert plan.findings() == ()
    real = {site.origin for site in plan.draws if not site.flags & {"remat", "backward"}}
    assert real == {site.origin for site in plan.draws}


def test_a_backward_pass_in_a_rematerialised_loop_repeats_its_draws():
    """Its keys come out of the loop, and JAX inlines the forward draw, which is of another type then."""

    @jax.custom_vjp
    def drop(key, x):
        return jnp.where(jax.random.bernoulli(key, 0.5, x.shape), x, 0.0)

    def backward(key, cotangent):
        return None, jnp.where(jax.random.bernoulli(key, 0.5, cotangent.shape), cotangent, 0.0)

    drop.defvjp(lambda key, x: (drop(key, x), key), backward)

    @jax.jit
    def step(key, w, x):
        @jax.checkpoint
        def layer(x, inputs):
            w, key = inputs
            return drop(key, jnp.tanh(x @ w)), None

        def loss(w):
            return jax.lax.scan(layer, x, (w, jax.random.split(key, w.shape[0])))[0].sum()

        return jax.grad(loss)(w)

    given = KEY, jnp.ones((3, 4, 4)), jnp.ones((2, 4))
    draws = ks.plan(step, *given).draws
    assert sum(not site.flags & {"remat", "backward"} for site in draws) == 1
    with ks.audit() as audit:
        step(*given)
    assert audit.findings == ()


def test_a_backward_pass_that_draws_something_else_draws():
    @jax.custom_vjp
    def noisy(key, x):
        return x + jax.random.normal(key, x.shape)

    def backward(key, cotangent):
        first = jax.random.uniform(key, cotangent.shape)
        return None, cotangent * first * jax.random.uniform(key, cotangent.shape)

    noisy.defvjp(lambda key, x: (noisy(key, x), key), backward)
    found = codes(jax.value_and_grad(lambda x, key: noisy(key, x).sum()), X, KEY)
    assert "KS101" in found


def test_a_plan_that_does_not_list_a_draw_says_so(monkeypatch):
    """Whatever the reason: here a call that the plan takes to hold nothing."""

    def blind(self, place):
        return ()

    monkeypatch.setattr(Region, "children", blind)
    plan = ks.plan(jax.jit(lambda key: 2 * jax.random.normal(key)), KEY)
    assert plan.draws == ()
    (found,) = plan.findings()
    assert found.code == "KS902"
    assert found.message == "not every draw is seen: a draw of the program is not in its plan (1)"


def test_the_audit_says_what_a_plan_of_a_call_does_not_list(monkeypatch):
    monkeypatch.setattr(Region, "children", lambda self, place: ())
    with ks.audit() as audit:
        jax.jit(jax.checkpoint(lambda key: 2 * jax.random.normal(key)))(KEY)
    assert audit.recording.unseen == {census.UNLISTED: 1}
    assert [found.code for found in audit.findings] == ["KS902"]


def test_the_audit_says_what_a_plan_lists_and_does_not_compute(monkeypatch):
    from keystream._plan import evaluate

    run = evaluate.run

    def forgetful(region, inputs, around):
        return run(region, inputs, around)[0], {}

    monkeypatch.setattr(evaluate, "run", forgetful)
    with ks.audit() as audit:
        jax.jit(lambda key: 2 * jax.random.normal(key))(KEY)
    assert audit.recording.unseen == {census.UNREAD: 1}


def test_draws_that_no_structure_fits_are_listed_as_opaque(monkeypatch):
    monkeypatch.setattr(primitives, "called", lambda equation: None)
    plan = ks.plan(jax.checkpoint(lambda key: 2 * jax.random.normal(key)), KEY)
    (site,) = plan.draws
    assert site.unseen.endswith("can't be looked into")
    assert [found.code for found in plan.findings()] == ["KS902"]


@pytest.mark.parametrize("wrap", [lambda f: f, jax.checkpoint], ids=["plain", "checkpoint"])
@pytest.mark.parametrize("compile", [lambda f: f, jax.jit], ids=["draw", "compiled part"])
def test_a_draw_that_jax_takes_out_of_a_loop_is_one_for_all_its_turns(wrap, compile):
    noise = compile(lambda key: jax.random.normal(key, (3,)))

    def loss(w, key):
        def turn(x, _):
            return jnp.tanh(x * w) + noise(key), None

        return jax.lax.scan(turn, jnp.ones(3), length=5)[0].sum()

    found = ks.plan(jax.grad(wrap(loss)), 1.0, jax.random.key(0))
    assert [finding.code for finding in found.findings()] == ["KS203"]
    assert "5 iterations" in found.findings()[0].message


def test_a_draw_in_front_of_a_loop_was_not_taken_out_of_it():
    def turn(x, mask):
        return jnp.tanh(x) * mask, jax.random.normal(jax.random.key(1), x.shape)

    def loss(w, key):
        first, _ = turn(jnp.ones(3) * w, jax.random.normal(key, (3,)))
        mask = jax.random.bernoulli(key, 0.5, (3,))
        return jax.lax.scan(lambda x, _: (x * w * mask, None), first, length=5)[0].sum()

    found = ks.plan(jax.grad(loss), 1.0, jax.random.key(0))
    assert all(site.hoisted == 0 for site in found.sites)
