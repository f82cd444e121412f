"""One seed made into a key again and again."""

from dataclasses import dataclass

import haiku as hk
import jax
import numpyro
from absl import flags
from flax import nnx
from numpyro import handlers
from numpyro.infer import SVI

FLAGS = flags.FLAGS


def in_a_loop(xs):
    total = 0.0
    for x in xs:
        key = jax.random.key(0)
        total += x * jax.random.normal(key)  # KS106
    return total


def make(x):
    key = jax.random.PRNGKey(42)
    return x + jax.random.normal(key, x.shape)


def through_a_function(xs):
    return [make(x) for x in xs]  # KS106


def two_keys():
    weights = jax.random.normal(jax.random.key(0), (3,))
    bias = jax.random.normal(jax.random.key(0), (4,))  # KS106
    return weights, bias


def one_seed(seed):
    weights = jax.random.normal(jax.random.key(seed), (3,))
    bias = jax.random.normal(jax.random.key(seed), (4,))  # KS106
    return weights, bias


def datasets(model, n):
    found = []
    for _ in range(n):
        with handlers.seed(rng_seed=0):  # KS106
            found.append(model())
    return found


class Critic(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.layer = nnx.Linear(4, 1, rngs=rngs)


def critics():
    first = Critic(nnx.Rngs(0))
    second = Critic(nnx.Rngs(0))  # KS106
    return first, second


def sequences(n):
    total = 0.0
    for _ in range(n):
        keys = hk.PRNGSequence(0)
        total += jax.random.normal(next(keys))  # KS106
    return total


def fitter(y):
    svi = SVI(None, None, None, None)

    def fit():
        return svi.init(jax.random.PRNGKey(0), y)

    return fit


def restarts(y, n):
    fit = fitter(y)
    return [fit() for _ in range(n)]  # KS106


@dataclass
class Jitter:
    seed: int = 0

    def __call__(self, x):
        return x + jax.random.normal(jax.random.key(self.seed), x.shape)


def by_a_field(xs):
    jitter = Jitter()
    return [jitter(x) for x in xs]  # KS106


# Near misses.


def another_seed_each_time(n):
    return [jax.random.normal(jax.random.key(i)) for i in range(n)]


def one_sequence(n):
    keys = hk.PRNGSequence(0)
    return [jax.random.normal(next(keys)) for _ in range(n)]


def shared_rngs():
    rngs = nnx.Rngs(0)
    return Critic(rngs), Critic(rngs)


def seeded_once(model):
    with handlers.seed(rng_seed=0):
        return model(), numpyro.__version__


def tested_with_one_seed():
    a = make(jax.numpy.ones(3))
    return a


def sweep(rates):
    found = []
    for rate in rates:
        key = jax.random.key(0)
        found.append(rate * jax.random.normal(key))  # KS106
    return found


def one_seed_for_all_draws(model, seed, count):
    traces = []
    for _ in range(count):
        with handlers.seed(rng_seed=seed):  # KS106
            traces.append(handlers.trace(model).get_trace())
    return traces


def a_key_for_each_trace(model, key, count):
    traces = []
    for _ in range(count):
        key, sub = jax.random.split(key)
        with handlers.seed(rng_seed=sub):
            traces.append(handlers.trace(model).get_trace())
    return traces


def next_key_of_the_flags():
    return next(hk.PRNGSequence(FLAGS.seed))


def seeded_by_a_flag_in_each_turn(xs):
    total = 0.0
    for x in xs:
        key = jax.random.key(FLAGS.seed)
        total += x * jax.random.normal(key)  # KS106
    return total


def begun_by_a_flag_in_each_turn(xs):
    total = 0.0
    for x in xs:
        total += x * jax.random.normal(next_key_of_the_flags())  # KS203
    return total


def a_program():
    print(jax.random.normal(jax.random.key(5)))


def run_twice():
    a_program()
    a_program()  # note: KS106
