"""fuse_threefry: the same bits from the other program, and a table that is left as it was found."""

import logging
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from jax import export
from jax._src.interpreters.mlir import _platform_specific_lowerings
from jax.extend.random import threefry2x32_p
from jax.sharding import Mesh, NamedSharding, PartitionSpec

import keystream as ks
from keystream import _fuse, _internals
from keystream.errors import UntestedJaxError

TABLE = _platform_specific_lowerings["cpu"]
KEY = jax.random.key(11)

pytestmark = pytest.mark.skipif(
    not _internals.threefry_is_rolled(),
    reason="this JAX's own CPU lowering has no loop, so fuse_threefry does nothing",
)


@pytest.fixture(autouse=True)
def _the_table_is_left_as_it_was():
    former = TABLE[threefry2x32_p]
    yield
    assert TABLE[threefry2x32_p] is former
    assert not _fuse._holders
    assert not _fuse._restore


def fresh(draw):
    """The same function as an object that no cache of JAX has seen."""

    def drawn(*arguments):
        return draw(*arguments)

    return drawn


def has_loop(draw, *arguments):
    return "stablehlo.while" in jax.jit(draw).lower(*arguments).as_text()


def bits_of(tree):
    return [
        np.asarray(
            jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf
        )
        for leaf in jax.tree.leaves(tree)
    ]


def assert_equal_bits(draw, *arguments):
    """Bits of a draw compiled by JAX alone, and with the lowering replaced."""
    plain = jax.jit(fresh(draw))(*arguments)
    with ks.fuse_threefry():
        fused = jax.jit(fresh(draw))(*arguments)
    for one, other in zip(bits_of(plain), bits_of(fused), strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert one.tobytes() == other.tobytes()


def uniform(key):
    return jax.random.uniform(key, (300,))


SHAPES = [(), (1,), (0,), (3, 0), (63,), (64,), (7, 11, 13), (2**20 + 1,)]
DRAWS = {
    "bits 8": lambda key, shape: jax.random.bits(key, shape, jnp.uint8),
    "bits 16": lambda key, shape: jax.random.bits(key, shape, jnp.uint16),
    "bits 32": lambda key, shape: jax.random.bits(key, shape, jnp.uint32),
    "uniform": jax.random.uniform,
    "uniform bfloat16": lambda key, shape: jax.random.uniform(key, shape, jnp.bfloat16),
    "normal": jax.random.normal,
    "normal float16": lambda key, shape: jax.random.normal(key, shape, jnp.float16),
    "normal complex": lambda key, shape: jax.random.normal(key, shape, jnp.complex64),
    "truncated_normal": lambda key, shape: jax.random.truncated_normal(key, -2.0, 2.0, shape),
    "bernoulli": lambda key, shape: jax.random.bernoulli(key, 0.3, shape),
    "randint": lambda key, shape: jax.random.randint(key, shape, -5, 900),
    "exponential": jax.random.exponential,
    "split": jax.random.split,
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_every_draw_keeps_its_bits(draw, shape):
    assert_equal_bits(lambda key: draw(key, shape), KEY)


@pytest.mark.parametrize("partitionable", [True, False])
@pytest.mark.parametrize("x64", [True, False])
@pytest.mark.parametrize("size", [(), (65,), (33, 31)], ids=str)
def test_bits_stay_under_each_setting_of_jax(partitionable, x64, size):
    def draw(key):
        return (
            jax.random.bits(key, size),
            jax.random.uniform(key, size, float),
            jax.random.normal(key, size, float),
            jax.random.split(key, 70),
            jax.random.fold_in(key, 2**31 + 5),
        )

    with jax.threefry_partitionable(partitionable), _x64(x64):
        assert_equal_bits(draw, jax.random.key(3))


def _x64(on):
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(on)
    from jax.experimental import enable_x64

    return enable_x64(on)


def test_choices_and_permutations_keep_their_bits():
    assert_equal_bits(lambda key: jax.random.permutation(key, 501), KEY)
    assert_equal_bits(lambda key: jax.random.choice(key, 90, (40,), replace=False), KEY)
    assert_equal_bits(lambda key: jax.random.categorical(key, jnp.arange(33.0), shape=(70,)), KEY)
    assert_equal_bits(lambda key: jax.random.gamma(key, 2.5, (70,)), KEY)


def test_bits_stay_under_vmap_scan_and_grad():
    keys = jax.random.split(KEY, 5)
    assert_equal_bits(jax.vmap(lambda key: jax.random.normal(key, (77,))), keys)

    def chain(key):
        def turn(key, _):
            key, draw = jax.random.split(key)
            return key, jax.random.uniform(draw, (129,))

        return jax.lax.scan(turn, key, length=4)

    assert_equal_bits(chain, KEY)

    def loss(x, key):
        return (x * jax.random.bernoulli(key, 0.5, x.shape)).sum()

    assert_equal_bits(jax.grad(loss), jnp.ones((9, 33)), KEY)


def test_eager_draws_keep_their_bits():
    jax.clear_caches()
    plain = [jax.random.normal(KEY, (1003,)), jax.random.fold_in(KEY, 5)]
    jax.clear_caches()
    with ks.fuse_threefry():
        fused = [jax.random.normal(KEY, (1003,)), jax.random.fold_in(KEY, 5)]
    jax.clear_caches()
    for one, other in zip(bits_of(plain), bits_of(fused), strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("partitionable", [True, False])
def test_sharded_draws_keep_their_bits(partitionable):
    mesh = Mesh(np.array(jax.devices()[:8]).reshape(4, 2), ("a", "b"))
    sharding = NamedSharding(mesh, PartitionSpec("a", "b"))

    def draw(key):
        return jax.lax.with_sharding_constraint(jax.random.normal(key, (64, 32)), sharding)

    with jax.threefry_partitionable(partitionable):
        assert_equal_bits(draw, KEY)


def test_bits_stay_in_a_shard_map_and_on_a_mesh_with_explicit_axes():
    mesh = Mesh(np.array(jax.devices()[:4]), ("a",))
    spec = PartitionSpec("a")

    def body(keys):
        return jax.vmap(lambda key: jax.random.uniform(key, (67,)))(keys)

    mapped = jax.shard_map(body, mesh=mesh, in_specs=spec, out_specs=spec)
    assert_equal_bits(mapped, jax.random.split(KEY, 8))
    explicit = jax.make_mesh((4,), ("a",), axis_types=(jax.sharding.AxisType.Explicit,))
    with jax.set_mesh(explicit):
        assert_equal_bits(lambda key: jax.random.normal(key, (64, 8), out_sharding=spec), KEY)


def test_an_exported_program_of_any_size_keeps_its_bits():
    (size,) = export.symbolic_shape("n")
    x = jax.ShapeDtypeStruct((size,), jnp.float32)
    words = jax.random.key_data(KEY)

    def draw(words, x):
        return x + jax.random.uniform(jax.random.wrap_key_data(words), x.shape)

    plain = export.export(jax.jit(fresh(draw)))(words, x)
    with ks.fuse_threefry():
        fused = export.export(jax.jit(fresh(draw)), platforms=["cpu", "cuda"])(words, x)
    for length in (3, 200):
        arguments = words, jnp.zeros(length)
        assert (plain.call(*arguments) == fused.call(*arguments)).all()


def test_initial_weights_and_dropout_of_flax_keep_their_bits():
    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            x = nn.Dropout(0.2, deterministic=False)(nn.Dense(64)(x))
            return nn.MultiHeadDotProductAttention(4)(x[None], x[None])

    x = jnp.ones((4, 32))
    assert_equal_bits(lambda key: Net().init({"params": key, "dropout": key}, x), KEY)
    layer = nn.Dropout(0.2, deterministic=False)
    assert_equal_bits(lambda key: layer.apply({}, jnp.ones((64, 33)), rngs={"dropout": key}), KEY)


def test_it_is_on_for_what_is_compiled_within_the_block_alone():
    assert has_loop(fresh(uniform), KEY)
    with ks.fuse_threefry() as fusion:
        assert fusion.active
        assert repr(fusion) == "<fuse_threefry: on>"
        assert not has_loop(fresh(uniform), KEY)
    assert not fusion.active
    assert repr(fusion) == "<fuse_threefry: off>"
    assert has_loop(fresh(uniform), KEY)


def test_called_alone_it_is_on_until_it_is_restored():
    fusion = ks.fuse_threefry()
    assert not has_loop(fresh(uniform), KEY)
    fusion.restore()
    fusion.restore()
    assert has_loop(fresh(uniform), KEY)
    with fusion:
        assert not has_loop(fresh(uniform), KEY)
    assert has_loop(fresh(uniform), KEY)


def compilations(f, *arguments):
    before = f._cache_size()
    f(*arguments)
    return f._cache_size() - before


def test_a_compiled_function_keeps_what_it_has():
    before, within = jax.jit(fresh(uniform)), jax.jit(fresh(uniform))
    assert compilations(before, KEY) == 1
    with ks.fuse_threefry():
        assert compilations(before, KEY) == 0
        assert compilations(within, KEY) == 1
    assert compilations(within, KEY) == 0
    assert (before(KEY) == within(KEY)).all()


def test_clearing_caches_compiles_a_function_again():
    jitted = jax.jit(fresh(uniform))
    assert "stablehlo.while" in jitted.lower(KEY).as_text()
    with ks.fuse_threefry():
        assert "stablehlo.while" in jitted.lower(KEY).as_text()
        jax.clear_caches()
        assert "stablehlo.while" not in jitted.lower(KEY).as_text()
    jax.clear_caches()
    assert "stablehlo.while" in jitted.lower(KEY).as_text()


def test_what_shared_functions_of_jax_compile_to_does_not_leak_into_later_programs():
    """``jax.random.uniform`` is one jitted function inside of every program that calls it."""

    def draw(key):
        return jax.random.uniform(key, (301,))

    with ks.fuse_threefry():
        assert not has_loop(fresh(draw), KEY)
        draw(KEY)
    assert has_loop(fresh(draw), KEY)
    with ks.fuse_threefry():
        assert not has_loop(fresh(draw), KEY)


def test_hashes_of_a_few_words_stay_jaxs():
    with ks.fuse_threefry():
        assert has_loop(fresh(jax.random.fold_in), KEY, 3)
        assert not has_loop(fresh(lambda key: jax.random.split(key, 64)), KEY)


def test_nested_blocks_end_with_the_outer_one():
    with ks.fuse_threefry():
        with ks.fuse_threefry():
            pass
        assert not has_loop(fresh(uniform), KEY)
    assert has_loop(fresh(uniform), KEY)


def test_uses_may_end_in_any_order():
    first, second = ks.fuse_threefry(), ks.fuse_threefry()
    first.restore()
    assert not first.active
    assert second.active
    assert not has_loop(fresh(uniform), KEY)
    second.restore()
    assert has_loop(fresh(uniform), KEY)


def test_an_error_in_the_block_ends_it():
    with pytest.raises(ZeroDivisionError), ks.fuse_threefry():
        _ = 1 / 0
    assert has_loop(fresh(uniform), KEY)


def test_another_entry_made_meanwhile_is_left_alone():
    former = TABLE[threefry2x32_p]
    fusion = ks.fuse_threefry()
    try:
        other = TABLE[threefry2x32_p] = type(former)(former.rule, former.inline)
        fusion.restore()
        assert TABLE[threefry2x32_p] is other
    finally:
        TABLE[threefry2x32_p] = former


def test_it_is_on_for_every_thread_and_many_may_switch_it():
    seen = {}

    def lower():
        seen["other thread"] = has_loop(fresh(uniform), KEY)

    with ks.fuse_threefry():
        thread = threading.Thread(target=lower)
        thread.start()
        thread.join()
    assert seen == {"other thread": False}

    start, loops = threading.Barrier(8), []

    def switch():
        start.wait()
        for _ in range(5):
            with ks.fuse_threefry():
                loops.append(has_loop(fresh(uniform), KEY))

    threads = [threading.Thread(target=switch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loops == [False] * 40


@pytest.fixture
def _unrolled_jax():
    """JAX as it is after its pull request 37872: no entry for the CPU, so the common one counts."""
    former = TABLE.pop(threefry2x32_p)
    yield
    assert threefry2x32_p not in TABLE
    TABLE[threefry2x32_p] = former


@pytest.mark.usefixtures("_unrolled_jax")
def test_it_does_nothing_and_says_so_where_jax_has_no_loop(caplog, monkeypatch):
    monkeypatch.setattr(_fuse, "_told", set())
    monkeypatch.setattr(_internals, "LOWERINGS_TESTED", ())
    reason = "this JAX's own CPU lowering of Threefry has no loop: there is nothing to replace"
    with ks.fuse_threefry() as fusion, ks.fuse_threefry():
        assert threefry2x32_p not in TABLE
        assert not fusion.active
        assert fusion.reason == reason
        assert repr(fusion) == f"<fuse_threefry: off, {reason}>"
    assert [(record.name, record.levelno, record.getMessage()) for record in caplog.records] == [
        ("keystream", logging.WARNING, f"fuse_threefry does nothing: {reason}")
    ]


def test_a_jax_that_it_was_not_tested_with_is_refused(monkeypatch):
    monkeypatch.setattr(_internals, "LOWERINGS_TESTED", ((0, 1), (0, 2)))
    monkeypatch.setattr(_fuse, "LOWERINGS_TESTED", ((0, 1), (0, 2)))
    with pytest.raises(UntestedJaxError) as error:
        ks.fuse_threefry()
    assert str(error.value) == (
        f"fuse_threefry was not tested with JAX {jax.__version__}, only with 0.1, 0.2\n"
        "  where: keystream.fuse_threefry\n"
        "  why:   the table that it replaces an entry of is internal to JAX and may have changed\n"
        "  fix:   leave the call out: draws are the same, only slower\n"
        "  KS011 untested-jax (keystream rule KS011)"
    )
    assert has_loop(fresh(uniform), KEY)


def test_this_jax_is_one_that_it_was_tested_with():
    assert jax.__version_info__[:2] in _internals.LOWERINGS_TESTED
