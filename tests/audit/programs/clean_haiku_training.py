"""Haiku with a sequence of keys."""

import haiku as hk
import jax
import jax.numpy as jnp


def forward(x, train):
    h = jax.nn.relu(hk.Linear(8)(x))
    return hk.dropout(hk.next_rng_key(), 0.5, h).sum() if train else h.sum()


net, x = hk.transform(forward), jnp.ones((2, 3))
keys = hk.PRNGSequence(0)
params = net.init(next(keys), x, True)


@jax.jit
def step(params, rng):
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, jax.grad(net.apply)(params, rng, x, True))


for _ in range(3):
    params = step(params, next(keys))
print(net.apply(params, None, x, False) if False else net.apply(params, next(keys), x, False))
