"""A batch of keys for the vmapped model, inference for the evaluation."""

import equinox as eqx
import jax
import jax.numpy as jnp


class Net(eqx.Module):
    first: eqx.nn.Linear
    second: eqx.nn.Linear
    drop: eqx.nn.Dropout

    def __init__(self, key):
        a, b = jax.random.split(key)
        self.first, self.second = eqx.nn.Linear(3, 8, key=a), eqx.nn.Linear(8, 1, key=b)
        self.drop = eqx.nn.Dropout(0.5)

    def __call__(self, x, key=None):
        return self.second(self.drop(jax.nn.relu(self.first(x)), key=key))[0]


key, k_model = jax.random.split(jax.random.key(0))
model, x = Net(k_model), jnp.ones((4, 3))


@eqx.filter_jit
def step(model, key):
    def loss(model):
        return jnp.mean(jax.vmap(model)(x, jax.random.split(key, 4)) ** 2)

    return eqx.apply_updates(model, jax.tree.map(lambda g: -0.1 * g, eqx.filter_grad(loss)(model)))


for _ in range(3):
    key, sub = jax.random.split(key)
    model = step(model, sub)
    evaluation = eqx.nn.inference_mode(model)
    print(jax.vmap(evaluation)(x).mean())
