# about: one key is used to simulate data and to predict
import jax
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from numpyro.infer import Predictive


def model(x):
    slope = numpyro.sample("slope", dist.Normal(0.0, 1.0))
    numpyro.sample("y", dist.Normal(slope * x, 1.0))


def main():
    key = jax.random.key(77)
    x = jnp.linspace(-1.0, 1.0, 10) + 0.01 * jax.random.normal(key, (10,))  # or: KS101|KS102
    prior = Predictive(model, num_samples=20)(key, x)  # expect: KS101|KS102
    print(prior["y"].std())


if __name__ == "__main__":
    main()
