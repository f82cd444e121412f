# about: an NNX model goes through plain jax.jit, so the counts of its draws are lost
import flax.nnx as nnx
import jax
import jax.numpy as jnp


class Net(nnx.Module):
    def __init__(self, rngs):
        self.dense = nnx.Linear(4, 8, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)
        self.out = nnx.Linear(8, 1, rngs=rngs)

    def __call__(self, x):
        return self.out(self.drop(nnx.relu(self.dense(x))))  # or: KS204|KS201


model = Net(nnx.Rngs(params=0, dropout=9))
graphdef, params, rest = nnx.split(model, nnx.Param, ...)


@jax.jit
def step(params, rest, x, y):
    def loss(params):
        model = nnx.merge(graphdef, params, rest, copy=True)  # or: KS204|KS201
        return jnp.mean((model(x) - y) ** 2)  # or: KS204|KS201

    grads = jax.grad(loss)(params)  # or: KS204|KS201
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)


x = jnp.ones((6, 4))
for _ in range(4):  # or: KS204|KS201
    params = step(params, rest, x, jnp.zeros((6, 1)))  # expect: KS204|KS201
