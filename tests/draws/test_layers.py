"""Layers in place of those of Linen, NNX and Equinox: same arguments, same outputs, same keys."""

import equinox as eqx
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import keystream as ks

KEY = jax.random.key(5)
X = jnp.asarray(np.random.default_rng(0).normal(size=(8, 6)), jnp.float32)
STREAMS = ks.Streams(0, "params", "dropout", "drop_path", "noise")


def linen_net(dropout):
    class Net(nn.Module):
        @nn.compact
        def __call__(self, x, deterministic):
            for rate in (0.0, 0.3, 1.0, 0.5):
                x = nn.Dense(6)(x)
                x = dropout(rate, broadcast_dims=(1,) if rate == 0.5 else ())(x, deterministic)
            return x

    return Net()


def test_a_linen_model_gives_the_same_with_either_dropout():
    ours, theirs = linen_net(ks.linen.Dropout), linen_net(nn.Dropout)
    variables = theirs.init(STREAMS.init_rngs(), X, deterministic=False)
    same = jax.tree.map(
        lambda a, b: (a == b).all(),
        variables,
        ours.init(STREAMS.init_rngs(), X, deterministic=False),
    )
    assert all(jax.tree.leaves(same))
    for deterministic in (False, True):
        for step in range(2):
            arguments = (variables, X, deterministic)
            run = [model.apply(*arguments, rngs=STREAMS.rngs(step)) for model in (ours, theirs)]
            assert (run[0] == run[1]).all()


class NnxNet(nnx.Module):
    def __init__(self, dropout, rngs):
        self.layers = nnx.List([nnx.Linear(6, 6, rngs=rngs) for _ in range(4)])
        rates = (0.0, 0.3, 1.0, 0.5)
        self.drops = nnx.List([dropout(rate, rngs=rngs) for rate in rates])

    def __call__(self, x):
        for layer, drop in zip(self.layers, self.drops, strict=True):
            x = drop(layer(x))
        return x


def test_an_nnx_model_gives_the_same_with_either_dropout_in_both_modes():
    models = [NnxNet(drop, ks.nnx.init_rngs(STREAMS)) for drop in (ks.nnx.Dropout, nnx.Dropout)]
    for mode in ("train", "eval", "train"):
        for model in models:
            getattr(model, mode)()
        for _ in range(2):
            ours, theirs = (model(X) for model in models)
            assert (ours == theirs).all()
    counts = [[int(drop.rngs.count.get_value()) for drop in model.drops] for model in models]
    assert counts[0] == counts[1]


def test_equinox_dropout_gives_the_same_and_follows_inference_mode():
    for p in (0, 0.0, 0.3, 1.0):
        ours, theirs = ks.equinox.Dropout(p), eqx.nn.Dropout(p)
        assert (ours(X, key=KEY) == theirs(X, key=KEY)).all()
    model = eqx.nn.Sequential([ks.equinox.Dropout(0.3)])
    assert (eqx.nn.inference_mode(model)(X) == X).all()
    with pytest.raises(RuntimeError, match="requires a key"):
        model(X)


def test_the_layers_are_the_frameworks_own_for_isinstance():
    assert isinstance(ks.linen.Dropout(0.1), nn.Dropout)
    assert isinstance(ks.nnx.Dropout(0.1), nnx.Dropout)
    assert isinstance(ks.equinox.Dropout(0.1), eqx.nn.Dropout)


LAYERS = {
    "linen": lambda kind, value, **options: (
        lambda x: getattr(ks.linen, kind)(value, deterministic=False, **options).apply(
            {}, x, rng=KEY
        )
    ),
    "nnx": lambda kind, value, **options: (
        lambda x: getattr(ks.nnx, kind)(value, **options)(x, rngs=KEY)
    ),
    "equinox": lambda kind, value, **options: (
        lambda x: getattr(ks.equinox, kind)(value, **options)(x, key=KEY)
    ),
}


@pytest.mark.parametrize("framework", LAYERS)
def test_drop_path_and_noise_layers_are_their_functions(framework):
    layer = LAYERS[framework]
    drop_path = layer("DropPath", 0.5, batch_dims=1)
    assert (drop_path(X) == ks.drop_path(KEY, X, 0.5)).all()
    rows = np.asarray(drop_path(X) != 0)
    assert (rows == rows[:, :1]).all()
    for multiplicative in (False, True):
        noise = layer("GaussianNoise", 0.2, multiplicative=multiplicative)
        expected = ks.gaussian_noise(KEY, X, 0.2, multiplicative=multiplicative)
        assert (noise(X) == expected).all()


@pytest.mark.parametrize("framework", LAYERS)
def test_dropout_layers_pass_on_how_the_mask_is_drawn_and_kept(framework):
    layer = LAYERS[framework]("Dropout", 0.4, lane_bits=8, regenerate=False)
    assert (layer(X) == ks.dropout(KEY, X, 0.4, lane_bits=8)).all()
    text = str(jax.make_jaxpr(jax.grad(lambda x: (layer(x) ** 2).sum()))(X))
    assert text.count("name=ks.mask8.v1") == 1


@pytest.mark.parametrize("framework", LAYERS)
def test_a_batch_slice_draws_the_parts_of_the_whole_batch(framework):
    for kind, value in (("Dropout", 0.4), ("DropPath", 0.4), ("GaussianNoise", 0.3)):
        options = {"batch_dims": 1} if kind == "DropPath" else {}
        layer = LAYERS[framework](kind, value, **options)
        whole = layer(X)
        parts = []
        for start in (0, 3, 4):
            with ks.batch_slice(start, size=8):
                parts.append(layer(X[start : {0: 3, 3: 4, 4: 8}[start]]))
        assert (jnp.concatenate(parts) == whole).all()
        assert (layer(X) == whole).all()


def test_a_batch_slice_with_a_traced_start_makes_microbatches_equal_the_full_batch():
    model = linen_net(ks.linen.Dropout)
    variables = model.init(STREAMS.init_rngs(), X, deterministic=False)

    @jax.jit
    def microbatched(variables, x, rngs):
        def one(_, start):
            rows = jax.lax.dynamic_slice_in_dim(x, start, 2)
            with ks.batch_slice(start, size=8):
                return None, model.apply(variables, rows, deterministic=False, rngs=rngs)

        return jax.lax.scan(one, None, jnp.arange(0, 8, 2))[1].reshape(8, 6)

    full = model.apply(variables, X, deterministic=False, rngs=STREAMS.rngs(3))
    parts = microbatched(variables, X, STREAMS.rngs(3))
    np.testing.assert_allclose(parts, full, rtol=1e-5, atol=1e-6)
    assert ((parts == 0) == (full == 0)).all()


def test_a_batch_slice_along_another_axis():
    layer = LAYERS["equinox"]("Dropout", 0.4)
    with ks.batch_slice(2, size=6, axis=1):
        part = layer(X[:, 2:])
    assert (part == layer(X)[:, 2:]).all()


def test_a_batch_slice_that_does_not_fit_is_refused():
    layer = LAYERS["equinox"]("Dropout", 0.4)
    with ks.batch_slice(6, size=8), pytest.raises(ks.errors.ValueOutOfRangeError) as caught:
        layer(X)
    assert str(caught.value) == (
        "a part of size 8 at offset 6 does not lie in a whole of size 8\n"
        "  where: keystream.dropout\n"
        "  why:   an element's draw depends on its place in the global array\n"
        "  fix:   count offsets in elements of the global array, and give its shape as global_shape\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )
    with ks.batch_slice(0, size=8, axis=2), pytest.raises(ks.errors.ValueOutOfRangeError) as caught:
        layer(X)
    assert str(caught.value).splitlines()[0] == "an input of shape (8, 6) has no axis 2"
    for size, axis in ((-1, 0), (8, -1)):
        with pytest.raises(ks.errors.ValueOutOfRangeError), ks.batch_slice(0, size=size, axis=axis):
            pass


def test_layers_refuse_a_rate_out_of_range_when_they_are_called():
    for layer in LAYERS.values():
        for kind in ("Dropout", "DropPath"):
            with pytest.raises(ks.errors.RateOutOfRangeError):
                layer(kind, 1.5)(X)


def test_nnx_layers_say_what_they_lack():
    with pytest.raises(ValueError, match="Dropout is to draw, and rngs is None: give it streams"):
        ks.nnx.Dropout(0.5)(X)
    with pytest.raises(ValueError, match="Dropout was given no `deterministic`"):
        ks.nnx.Dropout(0.5, deterministic=None)(X, rngs=KEY)


def test_nnx_layers_draw_from_their_stream_and_are_reseeded_by_path():
    rngs = ks.nnx.init_rngs(STREAMS)
    model = nnx.List([ks.nnx.GaussianNoise(0.1, rngs=rngs), ks.nnx.DropPath(0.5, rngs=rngs)])
    assert [layer.rngs.tag for layer in model] == ["noise", "drop_path"]
    runs = []
    for _ in range(2):
        ks.nnx.reseed(model, STREAMS, 3)
        runs.append([layer(X) for layer in model])
    assert all((a == b).all() for a, b in zip(*runs, strict=True))
    model.eval()
    assert all((layer(X) == X).all() for layer in model)


def test_a_whole_nnx_rngs_may_serve_one_call():
    layer = ks.nnx.Dropout(0.3)
    expected = nnx.Dropout(0.3)(X, rngs=ks.nnx.rngs(STREAMS, 4))
    assert (layer(X, rngs=ks.nnx.rngs(STREAMS, 4)) == expected).all()


def test_linen_layers_take_their_flag_once_as_in_flax():
    layer = ks.linen.Dropout(0.3, deterministic=False)
    with pytest.raises(ValueError, match="deterministic"):
        layer.apply({}, X, deterministic=False, rngs={"dropout": KEY})
    with pytest.raises(ValueError, match="deterministic"):
        ks.linen.Dropout(0.3).apply({}, X, rngs={"dropout": KEY})


@pytest.mark.parametrize("name", ["Dropout", "DropPath", "GaussianNoise"])
@pytest.mark.parametrize("framework", ["linen", "nnx"])
def test_a_layers_rate_may_follow_a_schedule_in_a_jitted_step(framework, name):
    """Flax's own layers ask whether the rate is 0, which a traced one can't tell."""
    layer = getattr(getattr(ks, framework), name)

    @jax.jit
    def step(strength):
        if framework == "nnx":
            return layer(strength)(X, rngs=ks.nnx.rngs(STREAMS, 3))
        return layer(strength, deterministic=False).apply({}, X, rngs=STREAMS.rngs(3))

    want = jax.jit(lambda: step.__wrapped__(0.5))()
    assert jnp.abs(step(0.5) - want).max() <= 2**-22  # a traced scale is rounded once more
    assert jnp.isfinite(step(0.0)).all()
