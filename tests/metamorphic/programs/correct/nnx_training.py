# about: NNX with nnx.jit, train and eval
import flax.nnx as nnx
import jax
import jax.numpy as jnp


class Net(nnx.Module):
    def __init__(self, rngs):
        self.dense = nnx.Linear(4, 8, rngs=rngs)
        self.drop = nnx.Dropout(0.3, rngs=rngs)
        self.out = nnx.Linear(8, 1, rngs=rngs)

    def __call__(self, x):
        return self.out(self.drop(nnx.relu(self.dense(x))))


def loss_fn(model, x, y):
    return jnp.mean((model(x) - y) ** 2)


@nnx.jit
def train_step(model, x, y):
    grads = nnx.grad(loss_fn)(model, x, y)
    params = nnx.state(model, nnx.Param)
    nnx.update(model, jax.tree.map(lambda p, g: p - 0.1 * g, params, grads))


def main():
    model = Net(nnx.Rngs(params=1, dropout=2))
    x = jax.random.normal(jax.random.key(3), (8, 4))
    y = x.sum(1, keepdims=True)
    for epoch in range(2):
        model.train()
        for _ in range(2):
            train_step(model, x, y)
        model.eval()
        print(epoch, float(loss_fn(model, x, y)))


if __name__ == "__main__":
    main()
