# about: a seed handler is made again in the loop, so all simulated data sets are equal
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from numpyro import handlers


def model(n):
    mean = numpyro.sample("mean", dist.Normal(0.0, 1.0))  # or: KS106|KS201
    with numpyro.plate("data", n):
        return numpyro.sample("obs", dist.Normal(mean, 1.0))  # or: KS106|KS201


simulated = []
for _ in range(3):  # or: KS106|KS201
    seeded = handlers.seed(model, rng_seed=0)  # expect: KS106|KS201
    simulated.append(seeded(10))  # or: KS106|KS201
print(jnp.stack(simulated).mean(1))
