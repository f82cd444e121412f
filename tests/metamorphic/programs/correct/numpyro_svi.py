# about: NumPyro's SVI carries its key in its state
import jax
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from numpyro.infer import SVI, Trace_ELBO


def model(data):
    mean = numpyro.sample("mean", dist.Normal(0.0, 5.0))
    with numpyro.plate("n", len(data)):
        numpyro.sample("obs", dist.Normal(mean, 1.0), obs=data)


def guide(data):
    loc = numpyro.param("loc", 0.0)
    scale = numpyro.param("scale", 1.0, constraint=dist.constraints.positive)
    numpyro.sample("mean", dist.Normal(loc, scale))


def main():
    data_key, svi_key = jax.random.split(jax.random.key(2))
    data = 3.0 + jax.random.normal(data_key, (20,))
    svi = SVI(model, guide, numpyro.optim.Adam(0.1), Trace_ELBO())
    state = svi.init(svi_key, data)
    update = jax.jit(svi.update)
    for _ in range(5):
        state, loss = update(state, data)
    print(float(loss), svi.get_params(state)["loc"])


if __name__ == "__main__":
    main()
