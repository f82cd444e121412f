"""Streams with Equinox itself: it takes keys, so `key` and `keys` are all it needs."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

import keystream as ks

STREAMS = ks.Streams(0, "params", "dropout", coordinates={"layer": 8})
BATCH = jnp.ones((6, 32))


class Net(eqx.Module):
    layers: list[eqx.nn.Linear]
    dropout: eqx.nn.Dropout

    def __init__(self, keys):
        self.layers = [eqx.nn.Linear(32, 32, key=key) for key in keys]
        self.dropout = eqx.nn.Dropout(0.5)

    def __call__(self, x, keys, inference=False):
        for layer, key in zip(self.layers, keys, strict=True):
            x = self.dropout(layer(x), key=key, inference=inference)
        return x


def net():
    return Net(STREAMS.keys("params", 0, 2))


def layer_keys(streams, step):
    """One key for each of two layers: the layer is a coordinate."""
    return [streams.key("dropout", step, layer=layer) for layer in range(2)]


def test_layers_and_steps_have_masks_of_their_own():
    dropout = eqx.nn.Dropout(0.5)
    keys = [key for step in (0, 1) for key in layer_keys(STREAMS, step)]
    kept = np.stack([np.asarray(dropout(BATCH, key=key) != 0).ravel() for key in keys])
    assert len(np.unique(kept, axis=0)) == 4


def test_initial_weights_of_layers_differ_and_come_back_from_the_seed():
    first, again = net(), net()
    assert eqx.tree_equal(first, again)
    assert (first.layers[0].weight != first.layers[1].weight).any()


def test_a_batch_of_keys_gives_each_example_its_own_mask_under_vmap():
    dropout = eqx.nn.Dropout(0.5)
    keys = STREAMS.keys("dropout", 3, 6)
    kept = jax.vmap(lambda x, key: dropout(x, key=key) != 0)(BATCH, keys)
    assert len(np.unique(np.asarray(kept), axis=0)) == 6


def test_a_filtered_training_step_takes_streams_and_a_traced_step():
    model = net()
    optimiser = optax.sgd(0.1)
    state = optimiser.init(eqx.filter(model, eqx.is_array))
    compiled = []

    @eqx.filter_jit
    def train_step(model, state, streams, step):
        compiled.append(step)

        def loss(model):
            keys = layer_keys(streams, step)
            return jax.vmap(lambda x: model(x, keys))(BATCH).sum()

        grads = eqx.filter_grad(loss)(model)
        updates, state = optimiser.update(grads, state)
        return eqx.apply_updates(model, updates), state

    runs = []
    for _ in range(2):
        trained, opt_state = model, state
        for step in range(3):
            trained, opt_state = train_step(trained, opt_state, STREAMS, jnp.uint32(step))
        runs.append(trained)
    assert eqx.tree_equal(*runs)
    assert not eqx.tree_equal(runs[0], model)
    assert len(compiled) == 1


def test_streams_pass_equinox_filters_and_serialisation(tmp_path):
    arrays, static = eqx.partition(STREAMS, eqx.is_array)
    assert eqx.combine(arrays, static) == STREAMS
    eqx.tree_serialise_leaves(tmp_path / "streams.eqx", STREAMS)
    template = ks.Streams(1, "params", "dropout", coordinates={"layer": 8})
    assert eqx.tree_deserialise_leaves(tmp_path / "streams.eqx", template) == STREAMS
