"""Validation switches the model to evaluation, and training goes on with it."""

import jax
import jax.numpy as jnp
from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs):
        self.hidden = nnx.Linear(4, 8, rngs=rngs)
        self.drop = nnx.Dropout(0.3, rngs=rngs)

    def __call__(self, x):
        return self.drop(jnp.tanh(self.hidden(x)))  # -> KS602


@nnx.jit
def step(net, x):
    loss, grads = nnx.value_and_grad(lambda net: jnp.mean(net(x) ** 2))(net)
    params = nnx.state(net, nnx.Param)
    nnx.update(net, jax.tree.map(lambda w, g: w - 0.1 * g, params, grads))
    return loss


net = Net(nnx.Rngs(params=0, dropout=1))
x = jax.random.normal(jax.random.key(2), (16, 4))
for epoch in range(4):
    loss = step(net, x)
    net.eval()
    print(epoch, float(loss), float(jnp.mean(net(x) ** 2)))
