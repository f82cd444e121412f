# about: nnx.vmap broadcasts the model with its keys, so all examples share a mask
import flax.nnx as nnx
import jax.numpy as jnp


class Net(nnx.Module):
    def __init__(self, rngs):
        self.dense = nnx.Linear(4, 8, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.drop(nnx.relu(self.dense(x)))  # or: KS303


@nnx.vmap(in_axes=(None, 0))  # or: KS303
def per_example(model, x):
    return model(x)  # or: KS303


def main():
    model = Net(nnx.Rngs(params=2, dropout=3))
    x = jnp.ones((8, 4))
    y = per_example(model, x)  # expect: KS303
    print(y.std(0))


if __name__ == "__main__":
    main()
