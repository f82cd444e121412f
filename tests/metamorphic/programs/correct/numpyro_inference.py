# about: NumPyro: prior, posterior and prediction with a key each
import jax
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from numpyro.infer import MCMC, NUTS, Predictive


def model(x, y=None):
    slope = numpyro.sample("slope", dist.Normal(0.0, 1.0))
    sigma = numpyro.sample("sigma", dist.HalfNormal(1.0))
    with numpyro.plate("data", x.shape[0]):
        numpyro.sample("y", dist.Normal(slope * x, sigma), obs=y)


data_key, prior_key, mcmc_key, predict_key = jax.random.split(jax.random.key(7), 4)
x = jnp.linspace(-1.0, 1.0, 20)
y = 2.0 * x + 0.1 * jax.random.normal(data_key, x.shape)
prior = Predictive(model, num_samples=5)(prior_key, x)
mcmc = MCMC(NUTS(model), num_warmup=10, num_samples=10, progress_bar=False)
mcmc.run(mcmc_key, x, y)
posterior = Predictive(model, mcmc.get_samples())(predict_key, x)
print(prior["y"].shape, posterior["y"].mean())
