# about: a model and its clone are trained beside each other with the draws of one, on purpose
import jax
import jax.numpy as jnp
import optax
from flax import nnx


class Net(nnx.Module):
    def __init__(self, rngs):
        self.dense = nnx.Linear(3, 8, rngs=rngs)
        self.drop = nnx.Dropout(0.3, rngs=rngs)

    def __call__(self, x):
        return self.drop(nnx.relu(self.dense(x))).mean()


@nnx.jit
def step(model, optimizer, x):
    loss, grads = nnx.value_and_grad(lambda model: (model(x) - 1) ** 2)(model)
    optimizer.update(model, grads)
    return loss


def main():
    slow = Net(nnx.Rngs(5))
    fast = nnx.clone(slow)
    arms = [(slow, optax.sgd(0.01)), (fast, optax.sgd(0.1))]
    runs = [(model, nnx.Optimizer(model, rate, wrt=nnx.Param)) for model, rate in arms]
    for number in range(4):
        x = jax.random.normal(jax.random.key(number), (6, 3))
        one, other = (step(model, optimizer, x) for model, optimizer in runs)
        print(jnp.abs(one - other))


main()
