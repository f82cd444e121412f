"""The key of `init` serves every step as well."""

import haiku as hk
import jax
import jax.numpy as jnp


def forward(x):
    h = hk.Linear(8)(x)
    return hk.dropout(hk.next_rng_key(), 0.5, h).sum()


net, x = hk.transform(forward), jnp.ones((2, 3))
rng = jax.random.PRNGKey(0)
params = net.init(rng, x)


@jax.jit
def step(params, rng):
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, jax.grad(net.apply)(params, rng, x))


for _ in range(3):
    params = step(params, rng)  # -> KS201 KS101
