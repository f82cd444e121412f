"""`needs` against Flax Linen itself: every answer is what giving the streams, and no others, proves."""

import json
import pickle

import flax.errors
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from flax.core import lift
from flax.core.scope import Scope

import keystream as ks
from keystream.dropout_model import DropoutModel
from keystream.errors import StreamFallbackError, ValueOutOfRangeError
from keystream.linen import Needs, needs

MAKE_RNG, HAS_RNG = Scope.make_rng, Scope.has_rng
X = jnp.ones((2, 6, 8))
SPLIT = {"params": True, "dropout": True, "drop_path": True}


@pytest.fixture(autouse=True)
def _flax_is_left_as_it_was():
    yield
    assert Scope.make_rng is MAKE_RNG
    assert Scope.has_rng is HAS_RNG


class Block(nn.Module):
    """Attention and a dense layer, with dropout on each and the residual branch dropped at random."""

    @nn.compact
    def __call__(self, x, train):
        h = nn.LayerNorm()(x)
        h = nn.MultiHeadDotProductAttention(2, dropout_rate=0.1, deterministic=not train)(h)
        h = nn.Dropout(0.1, deterministic=not train)(nn.Dense(x.shape[-1])(h))
        if train:
            h = h * jax.random.bernoulli(self.make_rng("drop_path"), 0.9, (x.shape[0], 1, 1))
        return x + h


class Transformer(nn.Module):
    @nn.compact
    def __call__(self, x, train=True):
        for _ in range(2):
            x = Block()(x, train)
        return x


class Scanned(nn.Module):
    split: tuple[str, ...] = tuple(SPLIT)

    @nn.compact
    def __call__(self, x, train=True):
        def body(block, x, _):
            return block(x, train), None

        split = dict.fromkeys(self.split, True)
        scan = nn.scan(body, variable_axes={"params": 0}, split_rngs=split, length=4)
        block = nn.remat(Block, static_argnums=(2,))(name="block")
        return scan(block, x, None)[0]


class Jitted(nn.Module):
    """A jitted layer inside and outside of a scan: Flax traces it once for all calls of a shape."""

    @nn.compact
    def __call__(self, x):
        def body(layer, x, _):
            return layer(x), None

        x = JitDropout(0.5, deterministic=False)(x)
        scan = nn.scan(body, split_rngs={"dropout": True}, length=2)
        return scan(JitDropout(0.5, deterministic=False, name="scanned"), x, None)[0]


JitDropout = nn.jit(nn.Dropout)


class Setup(nn.Module):
    """Two methods, each with streams of its own, and a submodule that is given."""

    last: nn.Module

    def setup(self):
        self.encoder = nn.Dense(4)
        self.noise = nn.Dropout(0.5, rng_collection="noise", deterministic=False)

    def __call__(self, x):
        return self.last(self.encode(x))

    def encode(self, x):
        return self.noise(self.encoder(x))


def proves(model, answer, *args, mutable=False, method=None, **kwargs):
    """Whether the streams named are enough, and one less is not, as the guard sees it."""
    streams = ks.Streams(0, *dict.fromkeys(("params", *answer.names)))

    def init(names):
        rngs = {name: streams.init_rngs()[name] for name in names}
        return model.init(rngs, *args, method=method, **kwargs)

    def apply(names):
        rngs = {name: streams.init_rngs()[name] for name in names}
        model.apply(variables, *args, rngs=rngs, mutable=mutable, method=method, **kwargs)

    with ks.linen.guard():
        variables = init(answer.init)
        apply(answer.apply)
        for call, uses in [(init, answer.init), (apply, answer.apply)]:
            for left_out in uses:
                with pytest.raises(StreamFallbackError) as caught:
                    call([name for name in uses if name != left_out])
                path = caught.value.where.partition(" ")[0]
                assert path == uses[left_out][0], "the first to ask is the first that fails"
    return True


def test_the_exercise_needs_two_streams_in_training_and_one_to_initialise_for_evaluation():
    model, x = DropoutModel(0.5), jnp.ones(4)
    training = needs(model, x, deterministic=False)
    assert training == Needs(
        init={"params": ("DropoutModel/Dense_0",), "dropout": ("DropoutModel/Dropout_0",)},
        apply={"dropout": ("DropoutModel/Dropout_0",)},
    )
    assert proves(model, training, x, deterministic=False)
    evaluation = needs(model, x, deterministic=True)
    assert evaluation == Needs(init={"params": ("DropoutModel/Dense_0",)}, apply={})
    assert proves(model, evaluation, x, deterministic=True)
    assert str(evaluation) == "init   params  DropoutModel/Dense_0\napply  no stream"


def test_the_answer_prints_within_80_columns():
    answer = needs(Transformer(), X)
    assert str(answer).splitlines() == [
        "init   params     Transformer/Block_0/LayerNorm_0,",
        "                  Transformer/Block_0/MultiHeadDotProductAttention_0/query,",
        "                  Transformer/Block_0/MultiHeadDotProductAttention_0/key,",
        "                  Transformer/Block_0/MultiHeadDotProductAttention_0/value,",
        "                  Transformer/Block_0/MultiHeadDotProductAttention_0/out,",
        "                  Transformer/Block_0/Dense_0, Transformer/Block_1/LayerNorm_0,",
        "                  Transformer/Block_1/MultiHeadDotProductAttention_0/query,",
        "                  Transformer/Block_1/MultiHeadDotProductAttention_0/key,",
        "                  Transformer/Block_1/MultiHeadDotProductAttention_0/value,",
        "                  Transformer/Block_1/MultiHeadDotProductAttention_0/out,",
        "                  Transformer/Block_1/Dense_0",
        "       dropout    Transformer/Block_0/MultiHeadDotProductAttention_0,",
        "                  Transformer/Block_0/Dropout_0,",
        "                  Transformer/Block_1/MultiHeadDotProductAttention_0,",
        "                  Transformer/Block_1/Dropout_0",
        "       drop_path  Transformer/Block_0, Transformer/Block_1",
        "apply  dropout    Transformer/Block_0/MultiHeadDotProductAttention_0,",
        "                  Transformer/Block_0/Dropout_0,",
        "                  Transformer/Block_1/MultiHeadDotProductAttention_0,",
        "                  Transformer/Block_1/Dropout_0",
        "       drop_path  Transformer/Block_0, Transformer/Block_1",
    ]
    assert max(map(len, str(answer).splitlines())) <= 80
    assert proves(Transformer(), answer, X)


def test_the_answer_goes_through_json_and_pickle_and_names_what_to_declare():
    answer = needs(DropoutModel(0.5), jnp.ones(4), deterministic=False)
    assert json.loads(json.dumps(answer.to_json())) == {
        "init": {"params": ["DropoutModel/Dense_0"], "dropout": ["DropoutModel/Dropout_0"]},
        "apply": {"dropout": ["DropoutModel/Dropout_0"]},
    }
    assert pickle.loads(pickle.dumps(answer)) == answer
    assert ks.Streams(0, *answer.names).names == ("params", "dropout")


def test_in_evaluation_no_stream_is_needed_but_params_for_init():
    for call in [{"train": False}, {}]:
        args = (X,) if call else (X, False)
        answer = needs(Transformer(), *args, **call)
        assert list(answer.init) == ["params"]
        assert answer.apply == {}
        assert proves(Transformer(), answer, *args, **call)


def test_under_scan_over_remat_paths_are_those_of_the_parameters_and_each_stands_once():
    answer = needs(Scanned(), X)
    assert answer.init["drop_path"] == ("Scanned/block",)
    assert answer.apply == {
        "dropout": (
            "Scanned/block/MultiHeadDotProductAttention_0",
            "Scanned/block/Dropout_0",
        ),
        "drop_path": ("Scanned/block",),
    }
    assert proves(Scanned(), answer, X)


def test_a_transform_draws_nothing_itself():
    class Deep(nn.Module):
        @nn.compact
        def __call__(self, x):
            dense = nn.vmap(nn.remat(nn.Dense), variable_axes={"params": 0}, split_rngs=SPLIT)
            return dense(3, name="dense")(x)

    answer = needs(Deep(), X)
    assert answer == Needs(init={"params": ("Deep/dense",)}, apply={})
    assert proves(Deep(), answer, X)


def test_under_vmap_a_layer_stands_once():
    class Ensemble(nn.Module):
        @nn.compact
        def __call__(self, x):
            split = {"params": True, "dropout": True}
            layer = nn.vmap(
                DropoutModel,
                in_axes=(0, None),
                axis_size=2,
                variable_axes={"params": 0},
                split_rngs=split,
            )
            return layer(0.5, name="members")(x, False)

    answer = needs(Ensemble(), jnp.ones((2, 4)))
    assert answer.apply == {"dropout": ("Ensemble/members/Dropout_0",)}
    assert proves(Ensemble(), answer, jnp.ones((2, 4)))


def test_a_stream_that_scan_does_not_pass_on_is_needed_all_the_same():
    answer = needs(Scanned(split=("params",)), X)
    assert list(answer.init) == ["params", "dropout", "drop_path"]
    assert answer.apply == needs(Scanned(), X).apply


def test_a_model_under_jit_is_answered_afresh_and_its_program_is_not_touched():
    expected = {"dropout": ("Jitted/JitDropout_0", "Jitted/scanned")}
    keys = ks.Streams(0, "params", "dropout").init_rngs()
    assert needs(Jitted(), X) == Needs(init=expected, apply=expected)
    first = Jitted().apply({}, X, rngs=keys)
    assert needs(Jitted(), X) == Needs(init=expected, apply=expected)
    assert needs(Jitted(), X) == Needs(init=expected, apply=expected)
    with pytest.raises(flax.errors.InvalidRngError, match="dropout"):
        Jitted().apply({}, X)
    np.testing.assert_array_equal(first, Jitted().apply({}, X, rngs=keys))
    assert proves(Jitted(), needs(Jitted(), X), X)


def test_a_question_does_not_change_the_counts_that_flax_keeps_for_jitted_modules():
    class Mixed(nn.Module):
        @nn.compact
        def __call__(self, x):
            x = JitDropout(0.25, deterministic=False)(x)
            return nn.Dropout(0.25, deterministic=False)(x)

    keys = ks.Streams(0, "params", "dropout").init_rngs()
    x = jnp.ones((3, 7))
    before = dict(lift._side_effect_cache.cache)
    needs(Mixed(), x)
    assert lift._side_effect_cache.cache == before
    first = Mixed().apply({}, x, rngs=keys)
    jax.clear_caches()
    lift._side_effect_cache.cache.clear()
    np.testing.assert_array_equal(first, Mixed().apply({}, x, rngs=keys))


def test_batch_norm_is_answered_with_its_mutable_collection():
    class Normed(nn.Module):
        @nn.compact
        def __call__(self, x, train):
            x = nn.BatchNorm(use_running_average=not train)(nn.Dense(3)(x))
            return nn.Dropout(0.5, deterministic=not train)(x)

    answer = needs(Normed(), X, True, mutable=["batch_stats"])
    assert answer.init["params"] == ("Normed/Dense_0", "Normed/BatchNorm_0")
    assert answer.apply == {"dropout": ("Normed/Dropout_0",)}
    assert proves(Normed(), answer, X, True, mutable=["batch_stats"])
    assert needs(Normed(), X, train=False).apply == {}


def test_a_method_by_name_or_function_and_a_collection_of_another_name():
    model = Setup(last=nn.Sequential([nn.Dense(2), nn.Dropout(0.5, deterministic=False)]))
    whole = needs(model, X)
    assert whole == Needs(
        init={
            "params": ("Setup/encoder", "Setup/last/layers_0"),
            "noise": ("Setup/noise",),
            "dropout": ("Setup/last/layers_1",),
        },
        apply={"noise": ("Setup/noise",), "dropout": ("Setup/last/layers_1",)},
    )
    part = Needs(
        init={"params": ("Setup/encoder",), "noise": ("Setup/noise",)},
        apply={"noise": ("Setup/noise",)},
    )
    assert needs(model, X, method="encode") == part
    assert needs(model, X, method=Setup.encode) == part
    assert needs(model, X, method=lambda setup, x: setup.encode(x)) == part
    assert proves(model, whole, X)
    assert proves(model, part, X, method="encode")


def test_a_bound_module_and_a_part_of_one_are_answered_like_unbound_ones():
    model = Setup(last=nn.Dense(2))
    keys = ks.Streams(0, "params", "noise").init_rngs()
    bound = model.bind(model.init(keys, X), rngs=keys)
    assert needs(bound, X) == needs(model, X)
    assert needs(bound.noise, X).apply == {"noise": ("Dropout",)}


def test_a_model_that_asks_first_is_answered_as_if_the_stream_were_there():
    class Polite(nn.Module):
        @nn.compact
        def __call__(self, x):
            if self.has_rng("params"):
                x = x + 1
            if self.has_rng("noise"):
                x = x + jax.random.normal(self.make_rng("noise"), x.shape)
                if self.has_rng("more"):
                    x = nn.Dropout(0.5, rng_collection="more", deterministic=False)(x)
            return x if self.has_rng("unused") else 2 * x

    uses = {"noise": ("Polite",), "more": ("Polite/Dropout_0",)}
    assert needs(Polite(), X) == Needs(init=uses, apply=uses)


def test_a_call_inside_the_model_with_keys_of_its_own_needs_none_of_the_callers():
    class Student(nn.Module):
        @nn.compact
        def __call__(self, x):
            teacher = Transformer()
            keys = ks.Streams(0, "params", "dropout", "drop_path").init_rngs()
            variables = teacher.init(keys, x)
            goal = teacher.apply(variables, x, rngs=keys)
            return nn.Dropout(0.5, deterministic=False)(x) - goal

    uses = {"dropout": ("Student/Dropout_0",)}
    assert needs(Student(), X) == Needs(init=uses, apply=uses)
    assert proves(Student(), needs(Student(), X), X)


def test_both_branches_of_cond_count():
    class Either(nn.Module):
        def setup(self):
            self.one = nn.Dropout(0.5, rng_collection="one", deterministic=False)
            self.two = nn.Dropout(0.5, rng_collection="two", deterministic=False)

        def __call__(self, x):
            return nn.cond(x.sum() > 0, lambda m, x: m.one(x), lambda m, x: m.two(x), self, x)

    assert list(needs(Either(), X).apply) == ["one", "two"]


def test_arguments_may_be_shapes_and_flags_scalars_and_text_stay_as_they_are():
    class Flags(nn.Module):
        @nn.compact
        def __call__(self, batch, mode, step, *, train):
            assert isinstance(batch["tokens"], jax.core.Tracer)
            assert batch["none"] is None
            x = nn.Embed(16, 4)(batch["tokens"])
            if mode == "noisy" and step > 3 and train:
                x = x + jax.random.normal(self.make_rng("noise"), x.shape)
            return x

    for tokens in [jax.ShapeDtypeStruct((2, 3), jnp.int32), np.ones((2, 3), np.int32)]:
        batch = {"tokens": tokens, "none": None, "name": "train.tfrecord"}
        for step, train in [(4, True), (np.int32(4), jnp.asarray(True))]:
            answer = needs(Flags(), batch, "noisy", step, train=train)
            assert answer.apply == {"noise": ("Flags",)}
        assert needs(Flags(), batch, "noisy", 3, train=True).apply == {}


def test_nothing_is_computed():
    class Loud(nn.Module):
        """Would call back to the host, and stores what is no array."""

        @nn.compact
        def __call__(self, x):
            self.variable("notes", "origin", lambda: "text")
            jax.debug.callback(ran.append, x)
            return nn.Dropout(0.5, deterministic=False)(nn.Dense(2)(x))

    ran = []
    assert needs(Loud(), X).apply == {"dropout": ("Loud/Dropout_0",)}
    jax.effects_barrier()
    assert not ran


def test_a_model_of_four_terabytes_is_answered():
    model = nn.Sequential([nn.Dense(10**6), nn.Dropout(0.5, deterministic=False)])
    answer = needs(model, jax.ShapeDtypeStruct((10**6, 10**6), jnp.float32))
    assert answer.apply == {"dropout": ("Sequential/layers_1",)}


def test_it_can_be_asked_while_something_is_traced_and_inside_a_guard_and_a_model():
    answers = []

    class Curious(nn.Module):
        @ks.linen.guard()
        @nn.compact
        def __call__(self, x):
            answers.append(needs(DropoutModel(0.5), x, deterministic=False))
            return nn.Dropout(0.5, deterministic=False)(x)

    with ks.linen.guard():
        jax.jit(lambda x: answers.append(needs(DropoutModel(0.5), x, deterministic=False)))(X)
        assert needs(Curious(), X).apply == {"dropout": ("Curious/Dropout_0",)}
    assert len(answers) == 3
    assert all(answer == needs(DropoutModel(0.5), X, deterministic=False) for answer in answers)


def test_a_model_that_sums_over_a_named_axis_is_asked_where_the_axis_is_bound():
    class Synchronous(nn.Module):
        @nn.compact
        def __call__(self, x):
            x = nn.BatchNorm(use_running_average=False, axis_name="replica")(x)
            return nn.Dropout(0.5, deterministic=False)(x)

    answers = []

    def replica(x):
        answers.append(needs(Synchronous(), x, mutable=["batch_stats"]))
        return x

    jax.vmap(replica, axis_name="replica")(X)
    assert answers[0].apply == {"dropout": ("Synchronous/Dropout_0",)}


def test_errors_of_the_call_are_those_of_flax_and_leave_it_as_it_was():
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        needs(DropoutModel(0.5), X)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (lambda x: x, "function is not a Linen module"),
        (DropoutModel, "DropoutModel is a Linen class, not a module of it"),
        (nnx.Linear(2, 2, rngs=nnx.Rngs(0)), "Linear is not a Linen module"),
        (None, "NoneType is not a Linen module"),
        (int, "int is not a Linen module"),
    ],
)
def test_what_is_no_module_is_refused(given, what):
    with pytest.raises(ValueOutOfRangeError) as caught:
        needs(given, X)
    assert str(caught.value) == (
        f"{what}\n"
        "  where: keystream.linen.needs(model, *args, **kwargs)\n"
        "  why:   streams are found by running the module's own init and apply\n"
        "  fix:   pass an object of a subclass of flax.linen.Module: needs(Net(...), x)\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_rngs_are_refused_since_the_answer_comes_before_them():
    with pytest.raises(ValueOutOfRangeError) as caught:
        needs(DropoutModel(0.5), X, deterministic=False, rngs={"dropout": jax.random.key(0)})
    assert str(caught.value) == (
        "rngs was given, but needs is asked before there are any\n"
        "  where: keystream.linen.needs(model, *args, **kwargs)\n"
        "  why:   the answer does not depend on what is given, but on what modules ask for\n"
        "  fix:   leave rngs out: needs(model, x, deterministic=False)\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )
