"""The NNX adapter against Flax NNX itself."""

import hashlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference
from flax import nnx

import keystream as ks
from keystream.errors import KeystreamError

STREAMS = ks.Streams(0, "params", "dropout", "noise", coordinates={"microbatch": 4})
ONES = jnp.ones((4, 32))


class Block(nnx.Module):
    def __init__(self, rngs):
        self.linear = nnx.Linear(32, 32, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.dropout(self.linear(x))


class Net(nnx.Module):
    def __init__(self, rngs):
        self.blocks = nnx.List([Block(rngs), Block(rngs)])
        self.noise = rngs.noise.fork()

    def __call__(self, x):
        for block in self.blocks:
            x = block(x)
        return x + jax.random.normal(self.noise(), x.shape)


def net():
    return Net(ks.nnx.init_rngs(STREAMS))


def words(key):
    return np.asarray(jax.random.key_data(key)).tolist()


def held(model):
    """The streams of a model by path."""
    return {p: n for p, n in nnx.iter_graph(model) if isinstance(n, nnx.RngStream)}


def masks(model):
    """Which values each dropout of two equal layers keeps."""
    return [np.asarray(block.dropout(ONES) != 0) for block in model.blocks]


def test_per_stream_seeds_build_the_model_that_nnx_builds_from_them():
    ours = Net(ks.nnx.init_rngs(ks.Streams(params=3, dropout=4, noise=5)))
    theirs = Net(nnx.Rngs(params=3, dropout=4, noise=5))
    same = jax.tree.map(
        lambda a, b: (
            words(a) == words(b) if jnp.issubdtype(a.dtype, jax.dtypes.prng_key) else a == b
        ),
        nnx.state(ours),
        nnx.state(theirs),
    )
    assert all(np.all(leaf) for leaf in jax.tree.leaves(same))


def test_rngs_for_a_step_hold_the_run_time_keys_and_counts_of_zero():
    rngs = ks.nnx.rngs(STREAMS, 7, microbatch=2)
    keys = STREAMS.rngs(7, microbatch=2)
    assert {tag: words(rngs[tag].key.get_value()) for tag in keys} == {
        tag: words(key) for tag, key in keys.items()
    }
    assert [int(rngs[tag].count.get_value()) for tag in keys] == [0, 0]
    assert not hasattr(rngs, "params")


def test_rngs_for_a_step_give_other_masks_at_another_step_and_the_same_at_the_same_step():
    layer = nnx.Dropout(0.5)

    def mask(step):
        return (layer(ONES, rngs=ks.nnx.rngs(STREAMS, step)) != 0).tolist()

    assert mask(0) == mask(0) != mask(1)


def test_a_layer_that_asks_for_an_undeclared_stream_fails_where_nnx_would_serve_the_default():
    class Masked(nnx.Module):
        def __init__(self, rngs):
            self.key = rngs.masking()

    assert Masked(nnx.Rngs(0)).key.shape == ()
    with pytest.raises(AttributeError, match="masking"):
        Masked(ks.nnx.init_rngs(STREAMS))


def test_reseeding_gives_the_keys_of_stream_step_and_path_by_the_formula():
    model = net()
    ks.nnx.reseed(model, STREAMS, 9, microbatch=3)
    streams = held(model)
    assert sorted(map(str, streams)) == [
        "('blocks', 0, 'dropout', 'rngs')",
        "('blocks', 1, 'dropout', 'rngs')",
        "('noise',)",
    ]
    for path, stream in streams.items():
        parent = words(STREAMS.key(stream.tag, 9, microbatch=3))
        parts = [(b"i" if isinstance(part, int) else b"s", str(part).encode()) for part in path]
        text = b"".join(kind + len(part).to_bytes(8, "big") + part for kind, part in parts)
        number = int(hashlib.sha256(text).hexdigest()[:16], 16)
        high, low = 2**31 + (number >> 32) % 2**30, number % 2**32
        assert words(stream.key.get_value()) == list(reference.threefry(parent, (high, low)))


def test_the_keys_of_paths_are_frozen():
    model = net()
    ks.nnx.reseed(model, STREAMS, 9)
    assert [words(stream.key.get_value()) for stream in held(model).values()] == FROZEN


def test_equal_layers_keep_different_masks():
    model = net()
    ks.nnx.reseed(model, STREAMS, 0)
    first, second = masks(model)
    assert (first != second).any()


def test_another_layer_leaves_the_keys_of_a_model_alone_where_nnx_reseed_changes_them():
    class Wider(Net):
        def __init__(self, rngs):
            super().__init__(rngs)
            self.a_first_dropout = nnx.Dropout(0.5, rngs=rngs)

    def keys(model):
        return [words(block.dropout.rngs.key.get_value()) for block in model.blocks]

    model, wider = net(), Wider(ks.nnx.init_rngs(STREAMS))
    for each in (model, wider):
        ks.nnx.reseed(each, STREAMS, 0)
    assert keys(model) == keys(wider)
    for each in (model, wider):
        nnx.reseed(each, dropout=STREAMS.key("dropout", 0))
    assert keys(model) != keys(wider)


def test_a_step_is_the_same_whatever_was_drawn_before_it():
    fresh, used = net(), net()
    for _ in range(5):
        used(ONES)
    ks.nnx.reseed(used, STREAMS, 3)
    used(ONES)
    ks.nnx.reseed(used, STREAMS, 4)
    ks.nnx.reseed(fresh, STREAMS, 4)
    assert (used(ONES) == fresh(ONES)).all()


def test_counts_go_on_within_a_step():
    model = net()
    ks.nnx.reseed(model, STREAMS, 4)
    first, second = model(ONES), model(ONES)
    assert (first != second).any()
    ks.nnx.reseed(model, STREAMS, 4)
    assert (model(ONES) == first).all()
    assert (model(ONES) == second).all()


def test_reseeding_inside_jit_and_grad_with_a_traced_step_matches_the_eager_one():
    @nnx.jit
    def train_step(model, streams, step):
        ks.nnx.reseed(model, streams, step)
        return nnx.value_and_grad(lambda model: model(ONES).sum())(model)[0]

    for step in (0, 5):
        model, eager = net(), net()
        ks.nnx.reseed(eager, STREAMS, step)
        kept = masks(eager)
        ks.nnx.reseed(eager, STREAMS, step)
        np.testing.assert_allclose(
            train_step(model, STREAMS, jnp.uint32(step)), eager(ONES).sum(), rtol=1e-5
        )
        ks.nnx.reseed(model, STREAMS, step)
        assert all((a == b).all() for a, b in zip(masks(model), kept, strict=True))


def test_reseeding_in_a_scan_over_steps_matches_the_eager_loop():
    @nnx.scan(in_axes=(nnx.Carry, None, 0), out_axes=(nnx.Carry, 0))
    def loop(model, streams, step):
        ks.nnx.reseed(model, streams, step)
        return model, model(ONES)

    _, scanned = loop(net(), STREAMS, jnp.arange(3))
    model = net()
    for step in range(3):
        ks.nnx.reseed(model, STREAMS, step)
        np.testing.assert_allclose(scanned[step], model(ONES), rtol=1e-5, atol=1e-5)


def layers(n):
    """A stack of blocks with a leading axis, as nnx.scan over layers takes it."""

    @nnx.split_rngs(splits=n)
    @nnx.vmap(in_axes=0, out_axes=0)
    def make(rngs):
        return Block(rngs)

    return make(ks.nnx.init_rngs(STREAMS))


def test_layers_of_a_scan_keep_different_masks_from_step_to_step_and_from_each_other():
    @nnx.scan(in_axes=(nnx.Carry, 0), out_axes=(nnx.Carry, 0))
    def forward(x, block):
        kept = block.dropout(jnp.ones_like(x))
        return x, kept != 0

    @nnx.jit
    def step_masks(stack, streams, step):
        ks.nnx.reseed(stack, streams, step)
        return forward(ONES, stack)[1]

    stack = layers(3)
    found = np.stack([step_masks(stack, STREAMS, step) for step in (0, 1)]).reshape(6, -1)
    assert len(np.unique(found, axis=0)) == 6
    assert (step_masks(stack, STREAMS, 0).reshape(3, -1) == found[:3]).all()


def test_replicas_under_vmap_keep_different_masks():
    @nnx.vmap(in_axes=(0, None), out_axes=0)
    def forward(model, x):
        return model.dropout(x) != 0

    ensemble = layers(4)
    ks.nnx.reseed(ensemble, STREAMS, 2)
    kept = np.asarray(forward(ensemble, ONES)).reshape(4, -1)
    assert len(np.unique(kept, axis=0)) == 4


def test_the_keys_of_replicas_are_a_batch_below_the_key_of_their_path():
    ensemble, single = layers(3), Block(ks.nnx.init_rngs(STREAMS))
    ks.nnx.reseed(ensemble, STREAMS, 2)
    ks.nnx.reseed(single, STREAMS, 2)
    parent = words(single.dropout.rngs.key.get_value())
    expected = [list(reference.threefry(parent, (2**32 - 1, i))) for i in range(3)]
    assert words(ensemble.dropout.rngs.key.get_value()) == expected
    assert ensemble.dropout.rngs.count.get_value().tolist() == [0, 0, 0]


def test_a_shared_stream_is_reseeded_once():
    class Shared(nnx.Module):
        def __init__(self, rngs):
            self.a = rngs
            self.b = rngs

    model = Shared(nnx.Rngs(dropout=1))
    ks.nnx.reseed(model, STREAMS, 0)
    assert list(held(model)) == [("a", "dropout")]
    assert model.a is model.b


def test_other_implementations_are_reseeded_too():
    streams = ks.Streams(0, "params", "dropout", impl="rbg")
    model = layers(3)
    ks.nnx.reseed(model, streams, 1)
    keys = model.dropout.rngs.key.get_value()
    assert str(jax.random.key_impl(keys)) == "rbg"
    assert len({str(key) for key in words(keys)}) == 3


def test_the_derivation_is_one_named_call():
    graphdef, state = nnx.split(net())

    def reseeded(state, streams, step):
        model = nnx.merge(graphdef, state)
        ks.nnx.reseed(model, streams, step)
        return nnx.state(model)

    text = str(jax.make_jaxpr(reseeded)(state, STREAMS, 3))
    assert text.count("name=ks.path.v1") == 1


def test_a_model_without_streams_is_left_as_it_is():
    model = nnx.Linear(4, 4, rngs=nnx.Rngs(0))
    before = np.asarray(model.kernel.get_value())
    ks.nnx.reseed(model, STREAMS, 0)
    assert (model.kernel.get_value() == before).all()


def message(call):
    with pytest.raises(KeystreamError) as caught:
        call()
    return str(caught.value)


def test_a_model_built_from_one_seed_is_refused_with_the_way_to_build_it():
    model = nnx.List([nnx.Dropout(0.5, rngs=nnx.Rngs(0))])
    assert message(lambda: ks.nnx.reseed(model, STREAMS, 0)) == (
        "stream 'default' is not declared\n"
        "  where: keystream.nnx.reseed · 0/rngs · declared: params, dropout, noise\n"
        "  why:   the model was built with nnx.Rngs(seed), which serves any stream from 'default'\n"
        "  fix:   build it with named streams: Model(rngs=ks.nnx.init_rngs(streams))\n"
        "  KS001 undeclared-stream (keystream rule KS001)"
    )


def test_a_model_with_an_undeclared_stream_is_refused_before_anything_changes():
    model = nnx.List([nnx.Dropout(0.5, rngs=nnx.Rngs(dropout=0)), nnx.Rngs(dropuot=1)])
    before = words(model[0].rngs.key.get_value())
    assert message(lambda: ks.nnx.reseed(model, STREAMS, 0)) == (
        "stream 'dropuot' is not declared\n"
        "  where: keystream.nnx.reseed · 1/dropuot · declared: params, dropout, noise\n"
        "  why:   a key under a misspelt name is not the key you meant, and nothing would show it\n"
        "  fix:   did you mean 'dropout'? Otherwise declare it: Streams(..., 'dropuot')\n"
        "  KS001 undeclared-stream (keystream rule KS001)"
    )
    assert words(model[0].rngs.key.get_value()) == before


def test_what_is_no_model_is_refused():
    state = nnx.split(net())[1]
    assert message(lambda: ks.nnx.reseed(state, STREAMS, 0)) == (
        "a State holds no nnx.Module\n"
        "  where: keystream.nnx.reseed(model, streams, step)\n"
        "  why:   streams are found by walking the modules of a model; here there is none to reseed\n"
        "  fix:   pass the model itself; of its parts: model = nnx.merge(graphdef, state)\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_a_step_out_of_range_is_refused_before_anything_changes():
    model = net()
    before = words(model.noise.key.get_value())
    assert "step -1 is outside" in message(lambda: ks.nnx.reseed(model, STREAMS, -1))
    assert words(model.noise.key.get_value()) == before


# Made by keystream 0.1.0, layout 1; in the order of the paths in the test above.
FROZEN = [[3981690966, 397526621], [2657181425, 447510736], [2355361903, 440696645]]
