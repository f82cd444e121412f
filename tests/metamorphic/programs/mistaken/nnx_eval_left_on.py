# about: model.eval() is called, model.train() is not
import flax.nnx as nnx
import jax.numpy as jnp


class Net(nnx.Module):
    def __init__(self, rngs):
        self.dense = nnx.Linear(4, 8, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)
        self.out = nnx.Linear(8, 1, rngs=rngs)

    def __call__(self, x):
        return self.out(self.drop(nnx.relu(self.dense(x))))  # or: KS602


def loss_fn(model, x):
    return jnp.mean(model(x) ** 2)  # or: KS602


def train(model, x, steps):
    for _ in range(steps):
        grads = nnx.grad(loss_fn)(model, x)  # expect: KS602
        params = nnx.state(model, nnx.Param)
        nnx.update(model, nnx.map_state(lambda path, p: p, params))
    return grads


def main():
    model = Net(nnx.Rngs(params=4, dropout=5))
    x = jnp.ones((6, 4))
    model.eval()  # or: KS602
    print("start", float(loss_fn(model, x)))
    train(model, x, 3)  # or: KS602


if __name__ == "__main__":
    main()
