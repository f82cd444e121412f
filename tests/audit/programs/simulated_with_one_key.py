"""Each simulated set of data is drawn from one key, through a handler of NumPyro."""

import jax
import numpyro
import numpyro.distributions as dist
from numpyro import handlers


def model():
    mean = numpyro.sample("mean", dist.Normal(0.0, 1.0))
    return numpyro.sample("y", dist.Normal(mean, 1.0).expand([4]))


def simulate(key):
    trace = handlers.trace(handlers.seed(model, rng_seed=key)).get_trace()
    return trace["y"]["value"]


key = jax.random.key(0)
for _ in range(3):
    print(simulate(key).mean())  # -> KS201
