"""Prior and posterior predictive use one key."""

import jax
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from numpyro.infer import Predictive


def model(x):
    w = numpyro.sample("w", dist.Normal(0.0, 1.0))
    numpyro.sample("y", dist.Normal(w * x, 1.0))


key, x = jax.random.key(0), jnp.ones(4)
prior = Predictive(model, num_samples=5)(key, x)
again = Predictive(model, num_samples=5)(key, 2 * x)  # -> KS101
print(prior["y"].mean() - again["y"].mean())
