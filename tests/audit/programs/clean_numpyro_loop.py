"""One seeded handler around the whole loop."""

import numpyro
import numpyro.distributions as dist
from numpyro import handlers

with handlers.seed(rng_seed=0):
    data = [numpyro.sample(f"x{i}", dist.Normal(0.0, 1.0)) for i in range(4)]
print(data)
