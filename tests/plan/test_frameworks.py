"""The plan sees the draws of every framework, and makes again what the model really drew."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import keystream as ks

X = jnp.ones((8, 16))
KEY = jax.random.key(5)


def paths(plan: ks.Plan) -> list[str]:
    return [site.module_path for site in plan.draws]


# Flax Linen.


def _linen() -> Any:
    nn = pytest.importorskip("flax.linen")

    class Block(nn.Module):
        @nn.compact
        def __call__(self, x, _=None):
            hidden = nn.Dense(16)(x)
            dropped = nn.Dropout(0.5, deterministic=False)(hidden)
            self.sow("intermediates", "kept", dropped != 0)
            return x + nn.Dense(16)(dropped), None

    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            x, _ = Block(name="first")(x)
            x, _ = Block(name="second")(x)
            return x

    class Deep(nn.Module):
        @nn.compact
        def __call__(self, x):
            block = nn.scan(
                nn.remat(Block),
                variable_axes={"params": 0, "intermediates": 0},
                split_rngs={"params": True, "dropout": True},
                length=3,
            )
            return block(name="blocks")(x, None)[0]

    return Net(), Deep()


def test_linen_masks_are_replayed_by_module_path() -> None:
    net, _ = _linen()
    variables = net.init({"params": KEY, "dropout": KEY}, X)
    rngs = {"dropout": jax.random.key(9)}
    _, state = net.apply(variables, X, rngs=rngs, mutable="intermediates")
    plan = ks.plan(net.apply, variables, X, rngs=rngs)
    assert paths(plan) == ["Net/first/Dropout_0", "Net/second/Dropout_0"]
    assert {site.stream for site in plan.draws} == {"dropout"}
    for name in ("first", "second"):
        mask = plan.replay(f"Net/{name}/Dropout_0", variables, X, rngs=rngs)
        assert np.array_equal(mask, state["intermediates"][name]["kept"][0])


def test_masks_of_a_scanned_and_rematerialised_step_are_replayed_by_layer() -> None:
    _, deep = _linen()
    variables = deep.init({"params": KEY, "dropout": KEY}, X)
    params = {"params": variables["params"]}

    @jax.jit
    def step(params, x, key):
        def loss(params):
            y, state = deep.apply(params, x, rngs={"dropout": key}, mutable="intermediates")
            return y.sum(), state

        (_, state), _ = jax.value_and_grad(loss, has_aux=True)(params)
        return state

    plan = ks.plan(step, params, X, KEY)
    forward = next(site for site in plan.draws if "remat" not in site.flags)
    assert forward.repeats == 3
    assert forward.module_path.endswith("blocks/Dropout_0")
    kept = step(params, X, KEY)["intermediates"]["blocks"]["kept"][0]
    assert np.array_equal(plan.replay(forward, params, X, KEY), kept)
    assert plan.inputs == ("key",)


def test_linen_initialisation_draws_the_weights_that_it_returns() -> None:
    net, _ = _linen()
    rngs = {"params": KEY, "dropout": jax.random.key(1)}
    plan = ks.plan(net.init, rngs, X)
    weights = [site for site in plan.draws if site.stream == "params"]
    assert len(weights) == 4
    made = net.init(rngs, X)["params"]["first"]["Dense_0"]["kernel"]
    drawn = plan.replay(weights[0], rngs, X)
    assert drawn.shape == made.shape
    assert np.array_equal(np.sign(drawn), np.sign(made))


# Flax NNX.


def test_nnx_masks_are_replayed() -> None:
    nnx = pytest.importorskip("flax.nnx")

    class Net(nnx.Module):
        def __init__(self, rngs):
            self.linear = nnx.Linear(16, 16, rngs=rngs)
            self.first = nnx.Dropout(0.5, rngs=rngs)
            self.second = nnx.Dropout(0.25, rngs=rngs)

        def __call__(self, x):
            return self.first(x), self.second(x)

    net = Net(nnx.Rngs(params=0, dropout=1))
    graph, state = nnx.split(net)

    def call(state, x):
        return nnx.merge(graph, state)(x)

    plan = ks.plan(call, state, X)
    assert len(plan.draws) == 2
    assert {site.stream for site in plan.draws} == {"dropout"}
    first, second = jax.jit(call)(state, X)
    assert np.array_equal(plan.replay(plan.draws[0].id, state, X), first != 0)
    assert np.array_equal(plan.replay(plan.draws[1], state, X), second != 0)


# Equinox.


def test_equinox_masks_are_replayed_under_vmap() -> None:
    eqx = pytest.importorskip("equinox")

    class Net(eqx.Module):
        linear: Any
        dropout: Any

        def __init__(self, key):
            self.linear = eqx.nn.Linear(16, 16, key=key)
            self.dropout = eqx.nn.Dropout(0.5)

        def __call__(self, x, *, key):
            return self.dropout(self.linear(x), key=key)

    net, keys = Net(KEY), jax.random.split(jax.random.key(2), 8)

    @eqx.filter_jit
    def forward(net, x, keys):
        return jax.vmap(lambda x, key: net(x, key=key))(x, keys)

    plan = ks.plan(forward, net, X, keys)
    (site,) = plan.draws
    assert site.lanes == (8,)
    assert "vmap_shared" not in site.flags
    assert np.array_equal(plan.replay(site, net, X, keys), forward(net, X, keys) != 0)
    shared = ks.plan(lambda net, x, key: jax.vmap(lambda x: net(x, key=key))(x), net, X, KEY)
    assert "vmap_shared" in shared.draws[0].flags


# Haiku.


def test_haiku_masks_are_replayed() -> None:
    hk = pytest.importorskip("haiku")

    def net(x):
        x = hk.Linear(16)(x)
        first = hk.dropout(hk.next_rng_key(), 0.5, x)
        return first, hk.dropout(hk.next_rng_key(), 0.5, x)

    model = hk.transform(net)
    params = model.init(KEY, X)
    first, second = model.apply(params, KEY, X)
    plan = ks.plan(model.apply, params, KEY, X)
    one, other = plan.draws
    assert one.origin != other.origin
    assert np.array_equal(plan.replay(one, params, KEY, X), first != 0)
    assert np.array_equal(plan.replay(other, params, KEY, X), second != 0)


# NumPyro.


def test_numpyro_samples_are_replayed() -> None:
    numpyro = pytest.importorskip("numpyro")
    dist = numpyro.distributions

    def model():
        mean = numpyro.sample("mean", dist.Normal(0.0, 1.0))
        with numpyro.plate("data", 5):
            numpyro.sample("x", dist.Normal(mean, 1.0))

    def prior(key):
        seeded = numpyro.handlers.seed(model, key)
        sites = numpyro.handlers.trace(seeded).get_trace()
        return {name: site["value"] for name, site in sites.items() if site["type"] == "sample"}

    plan, made = ks.plan(prior, KEY), jax.jit(prior)(KEY)
    mean, x = plan.draws
    assert mean.distribution == x.distribution == "normal"
    assert np.allclose(plan.replay(mean, KEY), made["mean"])
    assert np.allclose(plan.replay(x, KEY) + made["mean"], made["x"])
    assert plan.findings() == ()


# Our own.


def test_every_draw_of_ours_is_listed_by_name() -> None:
    streams = ks.Streams(0, "dropout", "noise", "tokens")
    tokens = jnp.zeros((2, 8), jnp.int32)

    def f(streams, x, tokens, step):
        y = ks.dropout(streams.key("dropout", step), x, 0.5)
        y = y + ks.dropout(streams.key("dropout", step + 1), x, 0.5, lane_bits=8)
        y = y + ks.gaussian_noise(streams.key("noise", step), x, 0.1)
        return y, ks.token_mask(streams.key("tokens", step), tokens, 0.5, mask_token=1)

    plan = ks.plan(f, streams, X, tokens, 3)
    assert [site.distribution for site in plan.draws] == [
        "ks.mask",
        "ks.mask8",
        "ks.normal",
        "ks.token_mask",
    ]
    assert [site.stream for site in plan.draws] == ["dropout", "dropout", "noise", "tokens"]
    keys = list(plan.keys(streams, X, tokens, 3).values())
    assert np.array_equal(keys[0], jax.random.key_data(streams.key("dropout", 3)))
    assert np.array_equal(keys[3], jax.random.key_data(streams.key("tokens", 3)))
    y = ks.dropout(streams.key("dropout", 3), X, 0.5)
    assert np.array_equal(plan.replay(plan.draws[0], streams, X, tokens, 3), y != 0)
    assert plan.findings() == ()


def test_streams_of_a_namespace_and_of_own_seeds_are_named() -> None:
    streams = ks.Streams({"params": 0, "dropout": 1}).child("teacher")
    plan = ks.plan(lambda s, x: ks.dropout(s.rngs(4)["dropout"], x, 0.5), streams, X)
    assert plan.draws[0].stream == "teacher/dropout"


def test_a_whole_training_loop_in_one_program_shows_the_keys_of_every_step() -> None:
    optax = pytest.importorskip("optax")
    net, _ = _linen()
    params = {"params": net.init({"params": KEY, "dropout": KEY}, X)["params"]}
    optimiser = optax.adam(1e-3)

    def train(params, x, key):
        def step(carry, i):
            params, state = carry

            def loss(params):
                return net.apply(params, x, rngs={"dropout": jax.random.fold_in(key, i)}).sum()

            updates, state = optimiser.update(jax.grad(loss)(params), state)
            return (optax.apply_updates(params, updates), state), None

        return jax.lax.scan(step, (params, optimiser.init(params)), jnp.arange(20))[0]

    plan = ks.plan(jax.jit(train), params, X, KEY)
    assert {site.repeats for site in plan.draws} == {20}
    keys = plan.keys(params, X, KEY)
    assert all(len(np.unique(each, axis=0)) == 20 for each in keys.values())
    assert plan.inputs == ("key",)
    assert plan.share < 0.05
