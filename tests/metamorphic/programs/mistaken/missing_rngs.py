# about (loud): apply in training mode without rngs
import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        return nn.Dense(2)(nn.Dropout(0.1, deterministic=not train)(x))  # or: KS405


def main():
    model, x = Net(), jnp.ones((2, 3))
    params = model.init(jax.random.key(0), x, train=False)

    def loss(params):
        return model.apply(params, x, train=True).sum()  # expect: KS405

    grads = jax.grad(loss)(params)  # or: KS405
    print(grads)


if __name__ == "__main__":
    main()
