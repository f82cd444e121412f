"""One network trains with Dropout and shows what it looks at without; the other one has none."""

import haiku as hk
import jax
import jax.numpy as jnp


def network(x, is_training):
    h = hk.Linear(8)(x)
    if is_training:
        h = hk.dropout(hk.next_rng_key(), 0.5, h)
    return hk.Linear(1)(h)


model = hk.transform(network)
critic = hk.without_apply_rng(hk.transform(lambda x: hk.Linear(1)(x)))


def loss(params, key, x):
    return jnp.mean(model.apply(params, key, x, is_training=True) ** 2)


def saliency(params, x):
    return jax.grad(lambda x: model.apply(params, None, x, is_training=False).sum())(x)


x, keys = jnp.ones((4, 3)), hk.PRNGSequence(jax.random.key(3))
params, weights = model.init(next(keys), x, is_training=True), critic.init(next(keys), x)
step = jax.jit(jax.grad(loss))
for _ in range(3):
    params = jax.tree.map(lambda p, g: p - 0.1 * g, params, step(params, next(keys), x))
    slope = jax.grad(lambda weights: critic.apply(weights, x).mean())(weights)
    weights = jax.tree.map(lambda p, g: p - 0.1 * g, weights, slope)
print(saliency(params, x))
