"""Dropout on in training, off in evaluation, by one flag."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        return nn.Dense(1)(nn.Dropout(0.5, deterministic=not train)(nn.Dense(8)(x)))


model, x = Net(), jnp.ones((2, 3))
variables = model.init(jax.random.key(0), x, train=False)


@jax.jit
def step(variables, key):
    def loss(v):
        return model.apply(v, x, train=True, rngs={"dropout": key}).sum()

    return jax.tree.map(lambda v, g: v - 0.1 * g, variables, jax.grad(loss)(variables))


def evaluate(variables):
    return float(model.apply(variables, x, train=False).mean())


root = jax.random.key(1)
for number in range(3):
    variables = step(variables, jax.random.fold_in(root, number))
    print(evaluate(variables))
