"""What the libraries' names mean: which functions draw, which derive, which transform.

Names are the canonical ones, after aliases and re-exports are resolved (`canonical`).
"""

from __future__ import annotations

SAMPLERS = frozenset(
    [
        "ball",
        "bernoulli",
        "beta",
        "binomial",
        "bits",
        "categorical",
        "cauchy",
        "chisquare",
        "choice",
        "dirichlet",
        "double_sided_maxwell",
        "exponential",
        "f",
        "gamma",
        "generalized_normal",
        "geometric",
        "gumbel",
        "laplace",
        "loggamma",
        "logistic",
        "lognormal",
        "maxwell",
        "multinomial",
        "multivariate_normal",
        "normal",
        "orthogonal",
        "pareto",
        "permutation",
        "poisson",
        "rademacher",
        "randint",
        "random_gamma",
        "rayleigh",
        "shuffle",
        "t",
        "triangular",
        "truncated_normal",
        "uniform",
        "wald",
        "weibull_min",
    ]
)

# A name that another name re-exports.
ALIASES = {
    "jax.numpy": "jax.numpy",
    "flax.linen.module": "flax.linen",
    "flax.experimental.nnx": "flax.nnx",
    "jax.experimental.maps": "jax",
    "jax.tree_util.tree_map": "jax.tree.map",
    "jax.tree_map": "jax.tree.map",
    "optax.tree_utils.tree_map": "jax.tree.map",
    "jax.experimental.shard_map.shard_map": "jax.shard_map",
    "jax.experimental.pjit.pjit": "jax.jit",
    "jax.pjit": "jax.jit",
    "jax.ad_checkpoint.checkpoint": "jax.checkpoint",
    "jax.lax.pmap": "jax.pmap",
    "jax.random.PRNGKeyArray": "jax.Array",
    "equinox.nn._dropout.Dropout": "equinox.nn.Dropout",
    "haiku.next_rng_keys": "haiku.next_rng_keys",
    "numpy.random.mtrand": "numpy.random",
    "tensorflow.keras": "keras",
    "keras.src": "keras",
    "jax._src.random": "jax.random",
    "jax.nn.initializers": "jax.nn.initializers",
    "flax.linen.initializers": "jax.nn.initializers",
    "flax.nnx.initializers": "jax.nn.initializers",
    "haiku.initializers": "haiku.initializers",
}

JIT = frozenset(
    [
        "jax.jit",
        "jax.pmap",
        "equinox.filter_jit",
        "flax.nnx.jit",
        "flax.linen.jit",
        "haiku.jit",
        "flax.nnx.pmap",
        "equinox.filter_pmap",
        "flax.nnx.cached_partial",
    ]
)
PMAP = frozenset({"jax.pmap", "flax.nnx.pmap", "equinox.filter_pmap"})
VMAP = frozenset({"jax.vmap", "equinox.filter_vmap", "flax.nnx.vmap", "haiku.vmap"})
VALUE_AND_GRAD = frozenset(
    [
        "jax.value_and_grad",
        "equinox.filter_value_and_grad",
        "flax.nnx.value_and_grad",
        "haiku.value_and_grad",
    ]
)
GRAD = VALUE_AND_GRAD | frozenset(
    [
        "jax.grad",
        "equinox.filter_grad",
        "flax.nnx.grad",
        "haiku.grad",
        "jax.jacfwd",
        "jax.jacrev",
        "jax.hessian",
        "jax.jacobian",
    ]
)
SAME = frozenset(
    [
        "jax.checkpoint",
        "jax.remat",
        "flax.linen.remat",
        "flax.linen.checkpoint",
        "flax.nnx.remat",
        "equinox.filter_checkpoint",
        "haiku.remat",
        "jax.custom_vjp",
        "jax.custom_jvp",
        "equinox.filter_custom_vjp",
        "equinox.filter_custom_jvp",
        "equinox.filter_closure_convert",
        "jax.closure_convert",
        "jax.named_call",
        "haiku.named_call",
        "jax.custom_batching.custom_vmap",
        "jax.custom_gradient",
        "flax.linen.compact",
        "flax.linen.nowrap",
        "haiku.transparent",
        "functools.wraps",
        "flax.linen.named_call",
        "equinox.internal.noinline",
        "jax.named_scope",
        "haiku.experimental.name_like",
    ]
)
ABSTRACT = frozenset(
    [
        "jax.eval_shape",
        "jax.make_jaxpr",
        "equinox.filter_eval_shape",
        "equinox.filter_make_jaxpr",
        "flax.nnx.eval_shape",
        "haiku.eval_shape",
        "jax.linear_transpose",
        "flax.linen.tabulate",
    ]
)
SCAN = frozenset({"jax.lax.scan", "haiku.scan", "equinox.internal.scan"})
MAP = frozenset({"jax.lax.map", "haiku.map"})
FORI = frozenset({"jax.lax.fori_loop", "haiku.fori_loop", "flax.nnx.fori_loop"})
WHILE = frozenset(
    {"jax.lax.while_loop", "haiku.while_loop", "flax.nnx.while_loop", "equinox.internal.while_loop"}
)
COND = frozenset({"jax.lax.cond", "haiku.cond", "flax.nnx.cond", "flax.linen.cond"})
SWITCH = frozenset({"jax.lax.switch", "haiku.switch", "flax.nnx.switch", "flax.linen.switch"})
CALLBACKS = frozenset(
    ["jax.pure_callback", "jax.experimental.io_callback", "jax.debug.callback", "jax.debug.print"]
)

# Built-in and library functions whose result depends on nothing but the arguments.
PURE_PREFIXES = (
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
    [
        "abs",
        "bool",
        "bytes",
        "complex",
        "divmod",
        "float",
        "hash",
        "id",
        "int",
        "len",
        "max",
        "min",
        "ord",
        "pow",
        "range",
        "repr",
        "round",
        "str",
        "sum",
        "type",
        "tuple",
        "list",
        "sorted",
        "zip",
        "enumerate",
        "reversed",
        "dict",
        "set",
        "frozenset",
    ]
)

# Under these names functions take a key that they draw from.
KEY_WORDS = frozenset(["key", "rng", "rng_key", "prng", "prng_key"])
# Methods and functions that keep, place, print or compare what they are given.
KEEPERS = frozenset(
    "add append appendleft assign block_until_ready cast clone device_put dump extend get info "
    "init_carry initialize_carry insert isinstance log partial print push put register replace "
    "replicate reshape restore save set setdefault shard show store tree_map update wait warning "
    "write".split()
)  # the two that make a carry are of Flax's cells, whose first states are zeros
HOST_EXACT = frozenset({"os.urandom", "uuid.uuid4", "uuid.uuid1"})
HOST_PREFIXES = ("numpy.random.", "random.", "time.", "secrets.", "datetime.datetime.")
HOST_HARMLESS = frozenset(
    [
        "numpy.random.Generator",
        "numpy.random.RandomState",
        "numpy.random.default_rng",
        "numpy.random.seed",
        "numpy.random.SeedSequence",
        "numpy.random.get_state",
        "numpy.random.set_state",
        "random.seed",
        "random.Random",
        "time.sleep",
        "random.setstate",
        "random.getstate",
        "numpy.random.BitGenerator",
        "numpy.random.PCG64",
        "numpy.random.MT19937",
        "datetime.datetime.strptime",
        "datetime.datetime.fromtimestamp",
        "time.strftime",
        "numpy.random.Philox",
        "time.gmtime",
        "time.localtime",
        "time.struct_time",
    ]
)


def canonical(name: str) -> str:
    """The name under which a library's object is known here."""
    if name in ALIASES:
        return ALIASES[name]
    for prefix in (
        "flax.experimental.nnx.",
        "tensorflow.keras.",
        "keras.src.",
        "jax._src.random.",
        "flax.linen.module.",
        "flax.linen.initializers.",
        "flax.nnx.initializers.",
    ):
        if name.startswith(prefix):
            return canonical(ALIASES[prefix[:-1]] + "." + name[len(prefix) :])
    return name


def is_host_random(name: str) -> bool:
    """Whether a call of this name gives another value in every run or every call."""
    if name in HOST_EXACT:
        return True
    return name.startswith(HOST_PREFIXES) and name not in HOST_HARMLESS and name.count(".") <= 2
