"""The libraries' functions, objects and methods, and what a call of each does: one line an entry.

Names are the canonical ones (`aliases`). An entry is a form of `signatures`, or a handler of the module
that is named for the library. A handler that answers None has nothing to say of that call.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from keystream._lint.libraries import (
    caches,
    control_flow,
    equinox,
    haiku,
    host,
    jax_random,
    keras,
    key_supplies,
    keystream,
    linen,
    nnx,
    numpyro,
    optax,
    options,
    paths,
    pools,
    python,
    rates,
    records,
    transforms,
    unordered,
)
from keystream._lint.libraries.call import Call, Handler, at
from keystream._lint.libraries.dropout import Dropout, Dropped
from keystream._lint.libraries.signatures import (
    Draw,
    Layer,
    Makes,
    Repeats,
    RepeatsRows,
    Returns,
    Same,
    Transform,
    Unknown,
)
from keystream._lint.symbols import HostGenerator, Value

if TYPE_CHECKING:
    from keystream._lint.reader import Reader


def nothing(reader: Reader, call: Call) -> None:
    """Of a host's clock or generator what draws nothing."""
    del reader, call


# Layers.

_LINEN_DROPOUT = Dropout("nn.Dropout", "flax.linen.Dropout")
_NNX_DROPOUT = Dropout("nnx.Dropout", "flax.nnx.Dropout")
_EQUINOX_DROPOUT = Dropout("eqx.nn.Dropout", "equinox.nn.Dropout", "inference", at(0, "p", "rate"))

_DETERMINISTIC, _INFERENCE = at(1, "deterministic"), at(None, "inference")
_DROPPED_LINEN = Dropped(
    _LINEN_DROPOUT,
    linen.draw_from_stream,
    made_flag=at(2, "deterministic"),
    call_flag=_DETERMINISTIC,
    needs_flag=True,
)
_DROPPED_NNX = Dropped(
    _NNX_DROPOUT,
    nnx.draw_from_rngs,
    made_flag=at(None, "deterministic"),
    call_flag=_DETERMINISTIC,
    off=nnx.in_evaluation,
)
_DROPPED_EQUINOX = Dropped(
    _EQUINOX_DROPOUT,
    equinox.draw_from_argument,
    made_flag=_INFERENCE,
    call_flag=_INFERENCE,
    off=equinox.in_inference,
    noted=False,
)

# Functions, by name.
FUNCTIONS: dict[str, Handler] = {
    # Keys.
    "jax.random.key": jax_random.seed,
    "jax.random.PRNGKey": jax_random.seed,
    "jax.random.split": jax_random.split,
    "jax.random.fold_in": jax_random.fold,
    "jax.random.clone": Unknown(),
    "jax.random.key_data": jax_random.data,
    "jax.random.wrap_key_data": jax_random.data,
    "jax.random.key_impl": jax_random.data,
    "jax.config.update": jax_random.configure,
    # Draws.
    "jax.random.ball": Draw(),
    "jax.random.bernoulli": jax_random.bernoulli,
    "jax.random.beta": Draw(),
    "jax.random.binomial": Draw(),
    "jax.random.bits": Draw(),
    "jax.random.categorical": Draw(),
    "jax.random.cauchy": Draw(),
    "jax.random.chisquare": Draw(),
    "jax.random.choice": Draw(),
    "jax.random.dirichlet": Draw(),
    "jax.random.double_sided_maxwell": Draw(),
    "jax.random.exponential": Draw(),
    "jax.random.f": Draw(),
    "jax.random.gamma": Draw(),
    "jax.random.generalized_normal": Draw(),
    "jax.random.geometric": Draw(),
    "jax.random.gumbel": Draw(),
    "jax.random.laplace": Draw(),
    "jax.random.loggamma": Draw(),
    "jax.random.logistic": Draw(),
    "jax.random.lognormal": Draw(),
    "jax.random.maxwell": Draw(),
    "jax.random.multinomial": Draw(),
    "jax.random.multivariate_normal": Draw(),
    "jax.random.normal": Draw(),
    "jax.random.orthogonal": Draw(),
    "jax.random.pareto": Draw(),
    "jax.random.permutation": Draw(),
    "jax.random.poisson": Draw(),
    "jax.random.rademacher": Draw(),
    "jax.random.randint": Draw(),
    "jax.random.rayleigh": Draw(),
    "jax.random.shuffle": Draw(),
    "jax.random.t": Draw(),
    "jax.random.triangular": Draw(),
    "jax.random.truncated_normal": Draw(),
    "jax.random.uniform": Draw(),
    "jax.random.wald": Draw(),
    "jax.random.weibull_min": Draw(),
    "keystream.dropout": Draw(title="ks.dropout", rate=at(2, "rate")),
    "keystream.drop_path": Draw(title="ks.drop_path", rate=at(2, "rate")),
    "keystream.token_mask": Draw(title="ks.token_mask", rate=at(2, "rate")),
    "keystream.gaussian_noise": Draw(title="ks.gaussian_noise"),
    "haiku.dropout": Draw(title="hk.dropout", rate=at(1, "rate"), trains=True),
    # Streams and sequences of keys.
    "keystream.Streams": keystream.streams,
    "flax.nnx.Rngs": nnx.rngs,
    "haiku.PRNGSequence": haiku.key_sequence,
    "haiku.next_rng_key": haiku.next_rng_key,
    "haiku.maybe_next_rng_key": haiku.next_rng_key,
    "haiku.next_rng_keys": haiku.next_rng_key,
    "keras.random.SeedGenerator": keras.seed_generator,
    "numpyro.handlers.seed": numpyro.seed,
    "numpyro.handlers.trace": numpyro.trace,
    "numpyro.infer.svi.SVIState": numpyro.state,
    # Layers.
    "flax.linen.Dropout": _LINEN_DROPOUT,
    "keystream.linen.Dropout": _LINEN_DROPOUT,
    "flax.nnx.Dropout": _NNX_DROPOUT,
    "keystream.nnx.Dropout": _NNX_DROPOUT,
    "equinox.nn.Dropout": _EQUINOX_DROPOUT,
    "keystream.equinox.Dropout": _EQUINOX_DROPOUT,
    "keras.layers.Dropout": keras.dropout,
    "keras.layers.SpatialDropout1D": keras.dropout,
    "keras.layers.SpatialDropout2D": keras.dropout,
    "keras.layers.GaussianDropout": keras.dropout,
    "keras.layers.AlphaDropout": keras.dropout,
    "equinox.nn.Linear": Layer("eqx.nn.Linear"),
    "equinox.nn.Conv": Layer("eqx.nn.Conv"),
    "equinox.nn.Conv1d": Layer("eqx.nn.Conv1d"),
    "equinox.nn.Conv2d": Layer("eqx.nn.Conv2d"),
    "equinox.nn.Conv3d": Layer("eqx.nn.Conv3d"),
    "equinox.nn.ConvTranspose": Layer("eqx.nn.ConvTranspose"),
    "equinox.nn.ConvTranspose1d": Layer("eqx.nn.ConvTranspose1d"),
    "equinox.nn.ConvTranspose2d": Layer("eqx.nn.ConvTranspose2d"),
    "equinox.nn.ConvTranspose3d": Layer("eqx.nn.ConvTranspose3d"),
    "equinox.nn.GRUCell": Layer("eqx.nn.GRUCell"),
    "equinox.nn.LSTMCell": Layer("eqx.nn.LSTMCell"),
    "equinox.nn.MLP": Layer("eqx.nn.MLP"),
    "equinox.nn.Embedding": Layer("eqx.nn.Embedding"),
    "equinox.nn.MultiheadAttention": Layer("eqx.nn.MultiheadAttention"),
    "flax.nnx.Linear": nnx.layer,
    "flax.nnx.LinearGeneral": nnx.layer,
    "flax.nnx.Conv": nnx.layer,
    "flax.nnx.ConvTranspose": nnx.layer,
    "flax.nnx.Embed": nnx.layer,
    "flax.nnx.Einsum": nnx.layer,
    "flax.nnx.MultiHeadAttention": nnx.layer,
    "flax.nnx.LSTMCell": nnx.layer,
    "flax.nnx.GRUCell": nnx.layer,
    "jax.nn.initializers.zeros": Unknown(),
    "jax.nn.initializers.ones": Unknown(),
    "jax.nn.initializers.zeros_init": Makes("constant"),
    "jax.nn.initializers.ones_init": Makes("constant"),
    "jax.nn.initializers.constant": Makes("constant"),
    # Models, and what runs them.
    "haiku.transform": haiku.transform,
    "haiku.transform_with_state": haiku.transform,
    "haiku.without_state": Returns(),
    "haiku.with_empty_state": Returns(),
    "haiku.without_apply_rng": haiku.without_apply_rng,
    "flax.training.train_state.TrainState.create": linen.create_state,
    "flax.nnx.split": nnx.split,
    "flax.nnx.merge": nnx.merge,
    "equinox.nn.inference_mode": equinox.inference_mode,
    "equinox.tree_inference": equinox.tree_inference,
    "equinox.apply_updates": equinox.updated,
    "optax.apply_updates": equinox.updated,
    "equinox.error_if": equinox.updated,
    "equinox.nn.StateIndex": Makes(),
    "equinox.nn.make_with_state": equinox.make_with_state,
    "numpyro.infer.MCMC": Makes(),
    "numpyro.infer.SVI": Makes(),
    "numpyro.infer.Predictive": Makes(),
    "optax.add_noise": Makes(optax.NOISY),
    "optax.noisy_sgd": Makes(optax.NOISY),
    "optax.contrib.dpsgd": Makes(optax.NOISY),
    "optax.contrib.differentially_private_aggregate": Makes(optax.NOISY),
    "optax.dpsgd": Makes(optax.NOISY),
    "optax.differentially_private_aggregate": Makes(optax.NOISY),
    # Transformations.
    "jax.jit": Transform("jit"),
    "equinox.filter_jit": Transform("jit"),
    "flax.nnx.reseed": nnx.reseed,
    "flax.nnx.jit": Transform("jit"),
    "flax.linen.jit": Transform("jit"),
    "haiku.jit": Transform("jit"),
    "flax.nnx.cached_partial": Transform("jit"),
    "jax.pmap": Transform("pmap"),
    "flax.nnx.pmap": Transform("pmap"),
    "equinox.filter_pmap": Transform("pmap"),
    "jax.vmap": Transform("vmap"),
    "equinox.filter_vmap": Transform("vmap"),
    "flax.nnx.vmap": Transform("vmap"),
    "haiku.vmap": Transform("vmap"),
    "jax.shard_map": Transform("shard_map"),
    "jax.value_and_grad": Transform("value_and_grad"),
    "equinox.filter_value_and_grad": Transform("value_and_grad"),
    "flax.nnx.value_and_grad": Transform("value_and_grad"),
    "haiku.value_and_grad": Transform("value_and_grad"),
    "jax.grad": Transform("grad"),
    "equinox.filter_grad": Transform("grad"),
    "flax.nnx.grad": Transform("grad"),
    "haiku.grad": Transform("grad"),
    "jax.jacfwd": Transform("grad"),
    "jax.jacrev": Transform("grad"),
    "jax.hessian": Transform("grad"),
    "jax.jacobian": Transform("grad"),
    "jax.vjp": transforms.differentiated,
    "jax.linearize": transforms.differentiated,
    "jax.jvp": transforms.differentiated,
    "equinox.filter_vjp": transforms.differentiated,
    "equinox.filter_jvp": transforms.differentiated,
    "flax.nnx.vjp": transforms.differentiated,
    "jax.checkpoint": Transform("same"),
    "jax.remat": Transform("same"),
    "flax.linen.remat": Transform("same"),
    "flax.linen.checkpoint": Transform("same"),
    "flax.nnx.remat": Transform("same"),
    "equinox.filter_checkpoint": Transform("same"),
    "haiku.remat": Transform("same"),
    "jax.custom_vjp": Transform("same"),
    "jax.custom_jvp": Transform("same"),
    "equinox.filter_custom_vjp": Transform("same"),
    "equinox.filter_custom_jvp": Transform("same"),
    "equinox.filter_closure_convert": Transform("same"),
    "jax.closure_convert": Transform("same"),
    "jax.named_call": Transform("same"),
    "haiku.named_call": Transform("same"),
    "jax.custom_batching.custom_vmap": Transform("same"),
    "jax.custom_gradient": Transform("same"),
    "flax.linen.compact": Transform("same"),
    "flax.linen.nowrap": Transform("same"),
    "haiku.transparent": Transform("same"),
    "functools.wraps": Transform("same"),
    "functools.cache": Transform("remembered"),
    "functools.lru_cache": Transform("remembered"),
    "flax.linen.named_call": Transform("same"),
    "equinox.internal.noinline": Transform("same"),
    "jax.named_scope": Transform("same"),
    "haiku.experimental.name_like": Transform("same"),
    "jax.make_jaxpr": Transform("abstract"),
    "equinox.filter_make_jaxpr": Transform("abstract"),
    "haiku.eval_shape": Transform("abstract"),
    "jax.linear_transpose": Transform("abstract"),
    "flax.linen.tabulate": Transform("abstract"),
    "equinox.filter_eval_shape": transforms.shapes_of,
    "flax.nnx.eval_shape": transforms.shapes_of,
    "jax.eval_shape": transforms.shapes_of,
    "jax.pure_callback": Unknown(skip=1),
    "jax.experimental.io_callback": Unknown(skip=1),
    "jax.debug.callback": Unknown(skip=1),
    "jax.debug.print": Unknown(skip=1),
    "flax.linen.scan": transforms.lifted,
    "flax.linen.vmap": transforms.lifted,
    "flax.linen.transforms.scan": transforms.lifted,
    "flax.linen.transforms.vmap": transforms.lifted,
    "flax.linen.remat_scan": transforms.lifted,
    "jax.sharding.PartitionSpec": transforms.partition,
    "jax.P": transforms.partition,
    "jax.lax.axis_index": Unknown(),
    "jax.lax.axis_size": Same(),
    "jax.device_count": Same(),
    "jax.local_device_count": Same(),
    "jax.process_count": Same(),
    "jax.process_index": Unknown(),
    # Control flow.
    "jax.lax.scan": control_flow.scan,
    "haiku.scan": control_flow.scan,
    "equinox.internal.scan": control_flow.scan,
    "jax.lax.map": control_flow.mapped,
    "haiku.map": control_flow.mapped,
    "jax.lax.fori_loop": control_flow.fori_loop,
    "haiku.fori_loop": control_flow.fori_loop,
    "flax.nnx.fori_loop": control_flow.fori_loop,
    "jax.lax.while_loop": control_flow.while_loop,
    "haiku.while_loop": control_flow.while_loop,
    "flax.nnx.while_loop": control_flow.while_loop,
    "equinox.internal.while_loop": control_flow.while_loop,
    "jax.lax.cond": control_flow.cond,
    "haiku.cond": control_flow.cond,
    "flax.nnx.cond": control_flow.cond,
    "flax.linen.cond": control_flow.cond,
    "jax.lax.switch": control_flow.switch,
    "haiku.switch": control_flow.switch,
    "flax.nnx.switch": control_flow.switch,
    "flax.linen.switch": control_flow.switch,
    # Trees and records.
    "jax.tree.map": python.tree_map,
    "jax.tree_util.tree_map_with_path": paths.map_with_path,
    "jax.tree.map_with_path": paths.map_with_path,
    "jax.tree_util.tree_leaves_with_path": paths.leaves_with_path,
    "jax.tree.leaves_with_path": paths.leaves_with_path,
    "jax.tree_util.tree_flatten_with_path": paths.flatten_with_path,
    "jax.tree.flatten_with_path": paths.flatten_with_path,
    "flax.traverse_util.flatten_dict": paths.flatten_dict,
    "dataclasses.replace": records.replace_fields,
    "copy.replace": records.replace_fields,
    "equinox.tree_at": records.tree_at,
    # Arrays that repeat or rearrange others.
    "jax.numpy.stack": python.stacked,
    "numpy.stack": python.stacked,
    "jax.numpy.broadcast_to": Repeats(),
    "jax.numpy.tile": RepeatsRows(),
    "jax.numpy.repeat": RepeatsRows(),
    "flax.jax_utils.replicate": Repeats(),
    "jax.device_put_replicated": Repeats(),
    "jax.numpy.array": Returns(),
    "jax.numpy.asarray": Returns(),
    "numpy.array": Returns(),
    "numpy.asarray": Returns(),
    "jax.device_put": Returns(),
    "jax.block_until_ready": Returns(),
    "jax.lax.stop_gradient": Returns(),
    "jax.lax.with_sharding_constraint": Returns(),
    "jax.lax.optimization_barrier": Returns(),
    "jax.experimental.multihost_utils.broadcast_one_to_all": Returns(),
    "copy.copy": Returns(),  # the streams of an Rngs are the same ones
    "copy.deepcopy": nnx.copied,
    "flax.jax_utils.prefetch_to_device": python.stacked,
    "jax.numpy.where": rates.where,
    "jax.lax.select": rates.where,
    "jax.numpy.arange": python.range_,
    "numpy.arange": python.range_,
    # Python.
    "functools.partial": python.partial,
    "jax.tree_util.Partial": python.partial,
    "equinox.Partial": python.partial,
    "functools.partialmethod": python.partial,
    "builtins.len": python.length,
    "builtins.int": python.number,
    "builtins.round": python.number,
    "builtins.abs": python.number,
    "builtins.float": python.number,
    "builtins.range": python.range_,
    "tqdm.trange": python.range_,
    "builtins.zip": python.zip_,
    "builtins.enumerate": python.enumerate_,
    "builtins.map": python.map_,
    "builtins.next": python.next_,
    "builtins.dict": python.dict_,
    "builtins.isinstance": python.is_instance,
    "builtins.getattr": python.getattr_,
    "builtins.reversed": python.reordered,
    "builtins.sorted": python.reordered,
    "builtins.iter": Returns(),
    "builtins.list": Returns(),
    "builtins.tuple": Returns(),
    "tqdm.tqdm": Returns(),
    "tqdm.auto.tqdm": Returns(),
    "rich.progress.track": Returns(),
    "builtins.set": unordered.set_of,
    "builtins.frozenset": unordered.set_of,
    "os.listdir": unordered.listing,
    "os.scandir": unordered.listing,
    "glob.glob": unordered.listing,
    "glob.iglob": unordered.listing,
    "itertools.cycle": key_supplies.cycle,
    "argparse.ArgumentParser": options.parser,
    # The host.
    "builtins.print": host.print_,
    "concurrent.futures.ProcessPoolExecutor": Makes("pool"),
    "concurrent.futures.ThreadPoolExecutor": Makes("pool"),
    "multiprocessing.Pool": Makes("pool"),
    "multiprocessing.pool.Pool": Makes("pool"),
    "multiprocessing.pool.ThreadPool": Makes("pool"),
    "threading.Thread": pools.thread,
    "builtins.hash": host.hash_of,
    "builtins.id": host.id_of,
    "os.urandom": host.random,
    "uuid.uuid1": host.random,
    "uuid.uuid4": host.random,
    "numpy.random.default_rng": host.generator,
    "numpy.random.RandomState": host.generator,
    "random.Random": host.generator,
    "numpy.random.seed": host.seeded,
    "random.seed": host.seeded,
    "numpy.random.Generator": nothing,
    "numpy.random.SeedSequence": nothing,
    "numpy.random.get_state": nothing,
    "numpy.random.set_state": nothing,
    "time.sleep": nothing,
    "random.setstate": nothing,
    "random.getstate": nothing,
    "numpy.random.BitGenerator": nothing,
    "numpy.random.PCG64": nothing,
    "numpy.random.MT19937": nothing,
    "datetime.datetime.strptime": nothing,
    "datetime.datetime.fromtimestamp": nothing,
    "time.strftime": nothing,
    "numpy.random.Philox": nothing,
    "time.gmtime": nothing,
    "time.localtime": nothing,
    "time.struct_time": nothing,
}

# Functions that are not named above, by the beginning of the name.
PREFIXES: tuple[tuple[str, Handler], ...] = (
    ("jax.nn.initializers.", jax_random.initialiser),
    ("keras.random.", keras.random),
    ("optax.", optax.chained),
    ("flax.linen.", linen.layer),
    ("numpy.random.", host.random),
    ("random.", host.random),
    ("time.", host.random),
    ("secrets.", host.random),
    ("datetime.datetime.", host.random),
    ("logging.", host.logged),
    ("absl.logging.", host.logged),
)

# What a call of a transformed function does, by the kind of transformation.
TRANSFORMED: dict[str, Handler] = {
    "jit": transforms.jitted,
    "grad": transforms.gradient,
    "value_and_grad": transforms.value_and_gradient,
    "abstract": Unknown(),
    "remembered": caches.remembered,
    "vmap": transforms.vmapped,
    "pmap": transforms.pmapped,
    "shard_map": transforms.shard_mapped,
    "lifted": transforms.call_lifted,
}

# Methods of what a library made, by its name; of an object that is called, `__call__`.
_KEY = at(0, "rng_key")
_HAIKU: dict[str, Handler] = {"init": haiku.init, "apply": haiku.apply}
_SAMPLERS: dict[str, Handler] = {
    name.rpartition(".")[2]: nnx.draw
    for name, handler in FUNCTIONS.items()
    if name.startswith("jax.random.") and isinstance(handler, Draw)
}
ANY = "*"  # method that is not named
OBJECTS: dict[str, dict[str, Handler]] = {
    "constant": {"__call__": Unknown()},
    "cycle": {"__next__": key_supplies.next_of_cycle},
    "equinox.nn.Dropout": {"__call__": _DROPPED_EQUINOX},
    "flat": {"items": paths.items_of_flat},
    "flax.linen.Dropout": {"__call__": _DROPPED_LINEN},
    "flax.nnx.Dropout": {"__call__": _DROPPED_NNX},
    "flax.nnx.Rngs": {
        **_SAMPLERS,
        **dict.fromkeys(("broadcast", "fork", "items", "split"), Unknown()),
        ANY: nnx.next_key,  # a stream, whatever its name
    },
    "flax.nnx.RngStream": {**_SAMPLERS, "__call__": nnx.next_key},
    "flax.training.train_state.TrainState": {
        "apply_gradients": linen.update_state,
        "replace": linen.update_state,
    },
    "generated": {"__next__": key_supplies.next_of_generator},
    "haiku.PRNGSequence": {"__next__": haiku.next_of_sequence},
    "haiku.transformed": _HAIKU,
    "haiku.without_rng": _HAIKU,
    "initialiser": {"__call__": Draw(at(0, "key"), "an initialiser")},
    "keystream.Streams": {
        "child": keystream.child,
        "init_rngs": keystream.init_rngs,
        "key": keystream.key,
        "keys": keystream.keys,
        "rngs": keystream.rngs,
    },
    "lowered": {"compile": transforms.compile_lowered},
    "make_with_state": {"__call__": equinox.made_with_state},
    "numpyro.infer.MCMC": {
        "run": Draw(_KEY, "MCMC.run"),
        "warmup": Draw(_KEY, "MCMC.warmup"),
    },
    "numpyro.infer.Predictive": {"__call__": Draw(_KEY, "Predictive")},
    "numpyro.infer.SVI": {
        "init": Draw(_KEY, "SVI.init"),
        "run": Draw(_KEY, "SVI.run"),
        "update": numpyro.update,
        "stable_update": numpyro.update,
    },
    "optax.noisy": {"init": optax.init},
    "pool": {
        "apply": pools.apply,
        "apply_async": pools.apply,
        "imap": python.map_,
        "imap_unordered": python.map_,
        "map": python.map_,
        "map_async": python.map_,
        "starmap": pools.starmap,
        "submit": pools.submit,
    },
    "set": {
        "difference": unordered.combined,
        "difference_update": unordered.changed,
        "intersection": unordered.combined,
        "sort": unordered.sort,
        "symmetric_difference": unordered.combined,
        "union": unordered.combined,
        "update": unordered.changed,
    },
}

# Every method of what is known by how it came about.
KINDS: dict[type[Value], Handler] = {HostGenerator: host.draw_of_generator}

# Methods of anything else, by name: the first that answers.
METHODS: dict[str, tuple[Handler, ...]] = {
    # Models.
    "init": (linen.init,),
    "init_with_output": (linen.init,),
    "apply": (linen.apply,),
    "apply_fn": (linen.apply_fn,),
    "make_rng": (linen.make_rng,),
    "has_rng": (linen.has_rng,),
    "create": (linen.create_state,),
    "eval": (nnx.switch_mode,),
    "train": (nnx.switch_mode,),
    "set_attributes": (nnx.set_attributes,),
    "set": (equinox.set_state,),
    # Records.
    "replace": (records.replace,),
    "_replace": (records.replace,),
    "apply_gradients": (records.apply_gradients,),
    # Distributions.
    "sample": (jax_random.sample_method,),
    "sample_and_log_prob": (jax_random.sample_method,),
    "sample_with_intermediates": (jax_random.sample_method,),
    "_sample_n": (jax_random.sample_method,),
    "rsample": (jax_random.sample_method,),
    # Logs.
    **dict.fromkeys(
        "debug info log log_param log_params log_text warning".split(), (host.note_printed,)
    ),
    # Containers.
    "get": (python.get, equinox.get_state),
    "items": (python.views,),
    "keys": (python.views,),
    "values": (python.views,),
    **dict.fromkeys(
        "append clear extend insert pop popitem setdefault update".split(), (python.change,)
    ),
    # Arrays.
    "block_until_ready": (python.copied,),
    "copy": (python.copied,),
    "squeeze": (python.copied,),
    "astype": (python.reshaped,),
    "flatten": (python.reshaped,),
    "ravel": (python.reshaped,),
    "reshape": (python.reshaped,),
    # Text.
    "digest": (paths.text_method,),
    "encode": (paths.text_method,),
    "hexdigest": (paths.text_method,),
    "strip": (paths.text_method,),
    # Compiled functions.
    "eval_shape": (transforms.lower,),
    "lower": (transforms.lower, paths.text_method),
    "trace": (transforms.lower,),
    "defjvp": (Unknown(),),
    "defvjp": (transforms.own_gradient,),
    "def_fwd": (transforms.own_gradient,),
    "def_vmap": (Unknown(),),
    # Command lines.
    "add_argument": (options.add_argument,),
    "add_argument_group": (options.group,),
    "add_mutually_exclusive_group": (options.group,),
    "parse_args": (options.parse_args,),
}

# Operators of which a library's objects make something else.
OPERATORS: dict[str, Callable[[Reader, ast.BinOp, Value, Value], Value | None]] = {
    "Add": jax_random.added,
    "BitAnd": unordered.operator,
    "BitOr": unordered.operator,
    "BitXor": unordered.operator,
    "Div": rates.check_division,
    "Sub": unordered.operator,
}

# Told of every loop that begins, with what it goes over.
LOOP_CHECKS = (unordered.check_loop, key_supplies.check_loop)
# Told of every index, with what it is an index of.
INDEX_CHECKS = (key_supplies.check_index,)
# Told of every call of the project's own functions, as it is spelt.
CALL_CHECKS = (rates.check_names,)
# Told of every call of something that is not known.
HANDED_CHECKS = (nnx.note_handed,)

# Under these names functions take a key that they draw from.
KEY_WORDS = frozenset(["key", "rng", "rng_key", "prng", "prng_key"])
# Methods and functions that keep, place, print or compare what they are given. The two that make a
# carry are of Flax's cells, whose first states are zeros.
KEEPERS = frozenset(
    "add append appendleft assign block_until_ready cast clone device_put dump extend get info "
    "init_carry initialize_carry insert isinstance log partial print push put register replace "
    "replicate reshape restore save set setdefault shard show store tree_map update wait warning "
    "write".split()
)

# Functions that draw from no JAX key, whatever they are given under its name.
KEYLESS = (
    "absl.logging.",
    "collections.",
    "json.",
    "logging.",
    "os.",
    "pathlib.",
    "pickle.",
    "re.",
    "string.",
    "tensorflow.data.",
    "tensorflow.io.",
    "tensorflow.strings.",
)

# Functions whose result depends on nothing but the arguments, by the beginning of the name.
PURE = (
    "jax.numpy.",
    "numpy.",
    "math.",
    "jax.lax.",
    "jax.nn.",
    "operator.",
    "zlib.",
    "hashlib.",
    "jax.tree.",
    "itertools.",
    "jax.device_",
    "jax.local_",
    "jax.process_",
)
PURE_BUILTINS = frozenset(
    "builtins." + name
    for name in "abs bool bytes complex dict divmod enumerate float frozenset hash id int "
    "int.from_bytes len list max min ord pow range repr reversed round set sorted str sum tuple type "
    "zip".split()
)

# Which library's modules a class of the project belongs to, by the name of its base.
FRAMEWORKS = {
    "equinox.Module": "equinox",
    "equinox.nn.StatefulLayer": "equinox",
    "flax.linen.Module": "linen",
    "flax.linen.RNNCellBase": "linen",
    "flax.nnx.Module": "nnx",
    "haiku.Module": "haiku",
    "haiku.RNNCore": "haiku",
    "keras.Layer": "keras",
    "keras.Model": "keras",
    "keras.layers.Layer": "keras",
}
