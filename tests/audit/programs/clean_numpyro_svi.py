"""Stochastic variational inference and a posterior predictive of its own key."""

import jax
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from numpyro.infer import SVI, Predictive, Trace_ELBO
from numpyro.infer.autoguide import AutoNormal


def model(x, y=None):
    w = numpyro.sample("w", dist.Normal(0.0, 1.0))
    with numpyro.plate("n", x.shape[0]):
        numpyro.sample("y", dist.Normal(w * x, 1.0), obs=y)


k_svi, k_post = jax.random.split(jax.random.key(0))
x = jnp.linspace(-1.0, 1.0, 16)
guide = AutoNormal(model)
svi = SVI(model, guide, numpyro.optim.Adam(0.1), Trace_ELBO())
result = svi.run(k_svi, 20, x, 2 * x, progress_bar=False)
print(Predictive(model, guide=guide, params=result.params, num_samples=4)(k_post, x)["y"].shape)
