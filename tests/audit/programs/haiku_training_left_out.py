"""The flags of training and evaluation are the wrong way round: training comes to no Dropout."""

import haiku as hk
import jax
import jax.numpy as jnp


class Net(hk.Module):
    def __call__(self, x, training):
        h = jax.nn.relu(hk.Linear(8)(x))
        if training:
            h = hk.dropout(hk.next_rng_key(), 0.2, h)
        return hk.Linear(1)(h)


forward = hk.transform_with_state(lambda x, training: Net()(x, training))


def loss(params, state, key, x):
    out, state = forward.apply(params, state, key, x, training=False)  # -> KS602
    return jnp.mean(out**2), state


def evaluate(params, state, key, x):
    return forward.apply(params, state, key, x, training=True)[0].mean()


x, key = jnp.ones((4, 3)), jax.random.key(1)
params, state = forward.init(jax.random.key(0), x, training=True)
step = jax.jit(jax.grad(loss, has_aux=True))
for _ in range(3):
    key, train_key, eval_key = jax.random.split(key, 3)
    gradient, state = step(params, state, train_key, x)
    params = jax.tree.map(lambda p, g: p - 0.1 * g, params, gradient)
    print(evaluate(params, state, eval_key, x))
