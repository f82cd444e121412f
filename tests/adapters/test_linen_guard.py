"""The guard against Flax Linen itself: what it refuses, and that it changes nothing else."""

import asyncio
import functools
import pickle
import threading

import flax.errors
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.core.scope import Scope

import keystream as ks
from keystream.dropout_model import DropoutModel
from keystream.errors import KeystreamError, StreamFallbackError, ValueOutOfRangeError

MAKE_RNG, HAS_RNG = Scope.make_rng, Scope.has_rng
STREAMS = ks.Streams(0, "params", "dropout", "noise")
X = jnp.arange(8.0).reshape(2, 4)


@pytest.fixture(autouse=True)
def _flax_is_left_as_it_was():
    yield
    assert Scope.make_rng is MAKE_RNG
    assert Scope.has_rng is HAS_RNG


class Net(nn.Module):
    """A draw in a child, one in the model itself."""

    training: bool = True

    @nn.compact
    def __call__(self, x):
        x = nn.BatchNorm(use_running_average=True)(nn.Dense(4)(x))
        x = nn.Dropout(0.5, deterministic=not self.training)(x)
        if self.training:
            x = x + jax.random.normal(self.make_rng("noise"), x.shape)
        return x


class Layer(nn.Module):
    @nn.compact
    def __call__(self, x, _=None):
        return nn.Dropout(0.5, deterministic=False)(nn.Dense(4)(x)), None


class Scanned(nn.Module):
    """Layers under scan over remat, which pass on the streams that are listed."""

    passed: tuple[str, ...] = ("params", "dropout")

    @nn.compact
    def __call__(self, x):
        layers = nn.scan(
            nn.remat(Layer),
            variable_axes={"params": 0},
            split_rngs=dict.fromkeys(self.passed, True),
            length=3,
        )
        return layers(name="layers")(x, None)[0]


class Lifted(nn.Module):
    """Dropout and parameters under the other transforms."""

    @nn.compact
    def __call__(self, x):
        split = {"params": True, "dropout": True}
        x = nn.vmap(Layer, variable_axes={"params": 0}, split_rngs=split)()(x)[0]
        x = nn.jit(Layer)()(x)[0]
        x = nn.cond(
            True, lambda drop, x: drop(x), lambda _, x: x, nn.Dropout(0.5, deterministic=False), x
        )
        return Scanned()(x)


class Outer(nn.Module):
    """A parent that shares its scope with its child."""

    def setup(self):
        self.inner = Net()
        nn.share_scope(self, self.inner)

    def __call__(self, x):
        return self.inner(x)


def message_of(call):
    with ks.linen.guard(), pytest.raises(StreamFallbackError) as caught:
        call()
    return str(caught.value)


def variables_of(model, x=X):
    return model.init(STREAMS.init_rngs(), x)


def same(a, b):
    return jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), a, b))


def test_a_single_key_for_init_is_refused_where_dropout_would_draw_from_params():
    model = DropoutModel(0.5)
    assert model.init(jax.random.key(0), X, deterministic=False), "Flax says nothing"
    assert message_of(lambda: model.init(jax.random.key(0), X, deterministic=False)) == (
        "stream 'dropout' was not given, so Flax would draw its key from 'params'\n"
        "  where: DropoutModel/Dropout_0 · init · given: params\n"
        "  why:   nothing would show that two streams then draw from one key\n"
        '  fix:   model.init({"params": jax.random.key(0), "dropout": jax.random.key(1)}, ...)\n'
        "         or model.init(streams.init_rngs(), ...), where "
        'streams = ks.Streams(0, "params", "dropout")\n'
        "  KS401 stream-fallback (keystream rule KS401)"
    )


def test_a_key_for_params_alone_is_refused_in_apply():
    variables = variables_of(Net())
    rngs = {"params": jax.random.key(1), "noise": jax.random.key(2)}
    assert message_of(lambda: Net().apply(variables, X, rngs=rngs)) == (
        "stream 'dropout' was not given, so Flax would draw its key from 'params'\n"
        "  where: Net/Dropout_0 · apply · given: params, noise\n"
        "  why:   nothing would show that two streams then draw from one key\n"
        '  fix:   model.apply(..., rngs={"noise": key_1, "dropout": key_2}), with new keys in every '
        "step\n"
        "         or model.apply(..., rngs=streams.rngs(step)), where "
        'streams = ks.Streams(0, "params", "noise", "dropout")\n'
        "         or where nothing should be random, turn the draw off: deterministic=True in most "
        "modules\n"
        "  KS401 stream-fallback (keystream rule KS401)"
    )


def test_forgotten_rngs_get_the_same_message_and_stay_an_error_of_flax():
    variables = variables_of(Net())
    assert message_of(lambda: Net().apply(variables, X)) == (
        "stream 'dropout' was not given, so there is no key for it\n"
        "  where: Net/Dropout_0 · apply · given: none\n"
        "  why:   the module draws from it in this call\n"
        '  fix:   model.apply(..., rngs={"dropout": key}), with new keys in every step\n'
        "         or model.apply(..., rngs=streams.rngs(step)), where "
        'streams = ks.Streams(0, "params", "dropout")\n'
        "         or where nothing should be random, turn the draw off: deterministic=True in most "
        "modules\n"
        "  KS401 stream-fallback (keystream rule KS401)"
    )
    with ks.linen.guard(), pytest.raises(flax.errors.InvalidRngError) as caught:
        Net().apply(variables, X)
    assert isinstance(caught.value, ks.linen.StreamMissingError)
    assert type(caught.value.__cause__) is flax.errors.InvalidRngError
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (type(caught.value), str(caught.value))


def test_a_misspelt_stream_is_named_beside_the_one_that_the_module_asks_for():
    keys = {"params": jax.random.key(0), "dropuot": jax.random.key(1)}
    assert message_of(lambda: DropoutModel(0.5).init(keys, X, deterministic=False)) == (
        "stream 'dropout' was not given, so Flax would draw its key from 'params'\n"
        "  where: DropoutModel/Dropout_0 · init · given: params, dropuot\n"
        "  why:   nothing would show that two streams then draw from one key\n"
        "  fix:   spell 'dropuot', which was given, as the module does: 'dropout'\n"
        '         or model.init({"params": jax.random.key(0), "dropout": jax.random.key(1)}, ...)\n'
        "         or model.init(streams.init_rngs(), ...), where "
        'streams = ks.Streams(0, "params", "dropout")\n'
        "  KS401 stream-fallback (keystream rule KS401)"
    )


def test_a_stream_that_scan_does_not_pass_on_is_told_from_one_that_was_not_given():
    model = Scanned(passed=("params",))
    assert message_of(lambda: variables_of(model)) == (
        "stream 'dropout' does not get through nn.scan, so Flax would draw its key from 'params'\n"
        "  where: Scanned/layers/Dropout_0 · init · given: params, dropout, noise · inside: params\n"
        "  why:   nothing would show that two streams then draw from one key\n"
        '  fix:   add "dropout": True to the split_rngs of nn.scan, for a new key in every repeat\n'
        '         or "dropout": False, for the same key in all of them\n'
        "  KS401 stream-fallback (keystream rule KS401)"
    )
    variables = variables_of(Scanned())
    assert message_of(lambda: model.apply(variables, X, rngs=STREAMS.rngs(0))) == (
        "stream 'dropout' does not get through nn.scan, so there is no key for it\n"
        "  where: Scanned/layers/Dropout_0 · apply · given: dropout, noise · inside: none\n"
        "  why:   the module draws from it in this call\n"
        '  fix:   add "dropout": True to the split_rngs of nn.scan, for a new key in every repeat\n'
        '         or "dropout": False, for the same key in all of them\n'
        "  KS401 stream-fallback (keystream rule KS401)"
    )


def test_a_stream_that_another_transform_does_not_pass_on_names_that_transform():
    class Held(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.jit(Layer, rngs="params")(name="layer")(x)[0]

    assert message_of(lambda: variables_of(Held())) == (
        "stream 'dropout' does not get through nn.jit, so Flax would draw its key from 'params'\n"
        "  where: Held/layer/Dropout_0 · init · given: params, dropout, noise · inside: params\n"
        "  why:   nothing would show that two streams then draw from one key\n"
        '  fix:   let nn.jit pass it on: rngs=True, or a list that has "dropout"\n'
        "  KS401 stream-fallback (keystream rule KS401)"
    )


def test_a_transform_of_a_function_is_named_too_and_so_is_the_model_without_a_method_of_it():
    class Free(nn.Module):
        @nn.compact
        def __call__(self, x):
            def body(mdl, x, _):
                return x + jax.random.normal(mdl.make_rng("noise"), x.shape), None

            return nn.scan(body, split_rngs={}, length=2)(self, x, None)[0]

    def outside(mdl, x):
        return jax.random.normal(mdl.make_rng("dropout"), x.shape)

    first, where, *_ = message_of(lambda: variables_of(Free())).splitlines()
    assert first == "stream 'noise' does not get through nn.scan, so there is no key for it"
    assert where == "  where: Free · init · given: params, dropout, noise · inside: none"
    first, where, *_ = message_of(lambda: Net().apply({}, X, method=outside)).splitlines()
    assert where == "  where: the model itself · apply · given: none"


def test_params_asked_for_and_not_given_is_an_error_with_its_own_fix():
    class Spectral(nn.Module):
        def __call__(self, x):
            return jax.random.normal(self.make_rng(), x.shape)

    assert message_of(lambda: Spectral().apply({}, X)) == (
        "stream 'params' was not given, so there is no key for it\n"
        "  where: Spectral · apply · given: none\n"
        "  why:   the module draws from it in this call\n"
        '  fix:   model.apply(..., rngs={"params": key}), with new keys in every step\n'
        "         or model.apply(..., rngs=streams.rngs(step)), where "
        'streams = ks.Streams(0, "params", init=())\n'
        "         or where nothing should be random, turn the draw off: deterministic=True in most "
        "modules\n"
        "  KS401 stream-fallback (keystream rule KS401)"
    )


def test_every_way_into_a_model_is_guarded():
    variables = variables_of(Net())
    key = jax.random.key(0)
    for call, kind in [
        (lambda: Net().lazy_init(key, jax.ShapeDtypeStruct((2, 4), jnp.float32)), "init"),
        (lambda: Net().init_with_output(key, X), "init"),
        (lambda: jax.jit(Net().init)(key, X), "init"),
        (lambda: jax.eval_shape(Net().init, key, X), "init"),
        (lambda: nn.tabulate(Net(), key)(X), "init"),
        (lambda: Net().apply(variables, X, rngs=key), "apply"),
        (lambda: Net().bind(variables, rngs={"params": key})(X), "apply"),
        (lambda: jax.grad(lambda x: Net().apply(variables, x, rngs=key).sum())(X), "apply"),
        (lambda: jax.vmap(lambda x: Net().apply(variables, x, rngs=key))(X), "apply"),
        (lambda: nn.apply(lambda net: net(X), Net())(variables, rngs=key), "apply"),
    ]:
        assert f"\n  where: Net/Dropout_0 · {kind} · given: params\n" in message_of(call)


def test_shared_scopes_and_calls_inside_calls_name_their_own_model():
    class Pair(nn.Module):
        @nn.compact
        def __call__(self, x):
            x = nn.Dropout(0.5, deterministic=False)(x)
            return Net().apply(variables_of(Net()), x, rngs={"params": jax.random.key(0)})

        def bound(self, x):
            return Net(parent=None).bind({}).make_rng("noise")

    key = jax.random.key(0)
    assert "where: Outer/Dropout_0 · init · given: params\n" in message_of(
        lambda: Outer().init(key, X)
    )
    assert "where: Net/Dropout_0 · apply · given: params\n" in message_of(
        lambda: Pair().apply({}, X, rngs=STREAMS.rngs(0))
    )
    assert "where: the model itself · apply · given: none\n" in message_of(
        lambda: Pair().apply({}, X, rngs=STREAMS.rngs(0), method="bound")
    )


@pytest.mark.parametrize("model", [Net(), Net(training=False), Scanned(), Lifted(), Outer()])
@pytest.mark.parametrize("jit", [False, True])
def test_a_correct_program_computes_the_same_bits_inside(model, jit):
    # Not one compiled function for both: inside, Flax has to be asked again.
    def run():
        init = jax.jit(model.init) if jit else model.init
        apply = jax.jit(lambda *args: model.apply(args[0], X, rngs=args[1])) if jit else None
        variables = init(STREAMS.init_rngs(), X)
        rngs = STREAMS.rngs(3)
        y = apply(variables, rngs) if apply else model.apply(variables, X, rngs=rngs)
        return variables, y

    with ks.linen.guard():
        inside = run()
    assert same(inside, run())


def test_a_model_in_evaluation_needs_no_stream_inside():
    model = Net(training=False)
    with ks.linen.guard():
        variables = model.init(jax.random.key(0), X)
        model.apply(variables, X)


def test_a_module_that_asks_first_or_catches_the_error_of_flax_goes_on_as_it_did():
    class Polite(nn.Module):
        def __call__(self, x):
            if self.has_rng("noise"):
                x = x + jax.random.normal(self.make_rng("noise"), x.shape)
            try:
                return x + jax.random.normal(self.make_rng("jitter"), x.shape)
            except flax.errors.InvalidRngError:
                return x

    with ks.linen.guard():
        assert same(Polite().apply({}, X), X)
        assert not same(Polite().apply({}, X, rngs=STREAMS.rngs(0)), X)


def test_a_program_traced_inside_runs_outside_and_a_compiled_one_is_not_seen():
    variables = variables_of(Net())
    good = jax.jit(lambda rngs: Net().apply(variables, X, rngs=rngs))
    with ks.linen.guard():
        y = good(STREAMS.rngs(5))
    assert same(good(STREAMS.rngs(5)), y)
    bad = jax.jit(lambda key: Net().apply(variables, X, rngs={"params": key}))
    bad(jax.random.key(0))
    with ks.linen.guard():
        bad(jax.random.key(1))


def test_flax_is_restored_after_errors_nesting_and_reuse():
    watcher = ks.linen.guard()
    with watcher:
        assert Scope.make_rng is not MAKE_RNG
        assert Scope.has_rng is HAS_RNG
        with watcher, ks.linen.guard():
            pass
        assert Scope.make_rng is not MAKE_RNG, "the outer guard is still on"
        with pytest.raises(StreamFallbackError):
            Net().init(jax.random.key(0), X)
    assert Scope.make_rng is MAKE_RNG
    with pytest.raises(RuntimeError, match="mine"), watcher:
        raise RuntimeError("mine")
    assert Scope.make_rng is MAKE_RNG
    assert Net().init(jax.random.key(0), X), "outside, Flax is as it was"


def test_a_replacement_that_another_library_put_on_top_is_left_alone(monkeypatch):
    with ks.linen.guard():
        ours = Scope.make_rng

        @functools.wraps(ours)
        def theirs(self, name="params"):
            return ours(self, name)

        Scope.make_rng = theirs
    try:
        assert Scope.make_rng is theirs
        assert Net().init(jax.random.key(0), X), "no guard, no error"
        assert "Net/Dropout_0" in message_of(lambda: Net().init(jax.random.key(0), X))
    finally:
        Scope.make_rng = MAKE_RNG


def test_as_a_decorator_it_guards_every_call_and_recursion():
    @ks.linen.guard()
    def start(depth, keys):
        """Make the variables."""
        return start(depth - 1, keys) if depth else Net().init(keys, X)

    assert start.__doc__ == "Make the variables."
    for _ in range(2):
        assert start(3, STREAMS.init_rngs())
        with pytest.raises(StreamFallbackError):
            start(3, jax.random.key(0))
    assert Net().init(jax.random.key(0), X)


def test_as_a_decorator_of_a_method_it_guards_the_module():
    class Strict(nn.Module):
        @ks.linen.guard()
        @nn.compact
        def __call__(self, x):
            return nn.Dropout(0.5, deterministic=False)(nn.Dense(4)(x))

    assert Strict().init(STREAMS.init_rngs(), X)
    with pytest.raises(StreamFallbackError):
        Strict().init(jax.random.key(0), X)


def generator():
    yield


async def coroutine():
    pass


@pytest.mark.parametrize("later", [generator, coroutine, Net], ids=lambda later: later.__name__)
def test_it_refuses_to_decorate_what_runs_only_later(later):
    with pytest.raises(ValueOutOfRangeError) as caught:
        ks.linen.guard()(later)
    assert str(caught.value) == (
        f"guard() can't decorate {later.__name__}: calling it runs nothing\n"
        "  where: keystream.linen.guard\n"
        "  why:   what a class, generator or coroutine does comes later, and would not be guarded\n"
        "  fix:   decorate the function that calls it, or write with ks.linen.guard(): inside\n"
        "  KS002 value-out-of-range (keystream rule KS002)"
    )


def test_other_threads_see_flax_as_it_is_and_may_leave_in_any_order():
    shared = ks.linen.guard()
    inside, leave = threading.Event(), threading.Event()
    outcomes = {}

    def guarded():
        with shared:
            inside.set()
            leave.wait(60)
            outcomes["guarded"] = fails()
        outcomes["after"] = fails()

    def fails():
        try:
            Net().init(jax.random.key(0), X)
        except KeystreamError:
            return True
        return False

    first = threading.Thread(target=guarded)
    first.start()
    assert inside.wait(60)
    outcomes["unguarded"] = fails()
    with shared:
        outcomes["second"] = fails()
    outcomes["left"] = fails()
    assert Scope.make_rng is not MAKE_RNG, "the first thread is still inside"
    leave.set()
    first.join()
    assert outcomes == {
        "unguarded": False,
        "second": True,
        "left": False,
        "guarded": True,
        "after": False,
    }


def test_many_threads_coming_and_going_leave_flax_as_it_was():
    barrier = threading.Barrier(8)
    wrong = []

    def come_and_go():
        barrier.wait()
        for _ in range(200):
            with ks.linen.guard(), ks.linen.guard():
                if Scope.make_rng is MAKE_RNG:
                    wrong.append("not guarded")

    threads = [threading.Thread(target=come_and_go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert Scope.make_rng is MAKE_RNG


def test_a_generator_closed_in_another_thread_ends_its_guard():
    def steps():
        with ks.linen.guard():
            yield 1

    running = steps()
    next(running)
    with pytest.raises(StreamFallbackError):
        Net().init(jax.random.key(0), X)
    closer = threading.Thread(target=running.close)
    closer.start()
    closer.join()
    assert Scope.make_rng is MAKE_RNG
    with ks.linen.guard():
        pass
    assert Net().init(jax.random.key(0), X)


def test_tasks_are_guarded_each_for_itself():
    async def task(guarded, meet):
        if guarded:
            with ks.linen.guard():
                await meet.wait()
                with pytest.raises(StreamFallbackError):
                    Net().init(jax.random.key(0), X)
        else:
            await meet.wait()
            Net().init(jax.random.key(0), X)
        return guarded

    async def main():
        meet = asyncio.Barrier(2)
        return await asyncio.gather(task(True, meet), task(False, meet))

    assert asyncio.run(main()) == [True, False]


def test_counts_of_keys_are_those_of_flax():
    class Twice(nn.Module):
        def __call__(self):
            keys = [self.make_rng("noise"), self.make_rng("noise"), self.make_rng("dropout")]
            return [jax.random.key_data(key) for key in keys]

    rngs = STREAMS.rngs(0)
    with ks.linen.guard():
        inside = Twice().apply({}, rngs=rngs)
    np.testing.assert_array_equal(inside, Twice().apply({}, rngs=rngs))
