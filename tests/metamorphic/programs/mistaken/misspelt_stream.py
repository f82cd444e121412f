# about: the stream is called droput, and params serves dropout
import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    rate: float = 0.5

    @nn.compact
    def __call__(self, x, train):
        x = nn.relu(nn.Dense(8)(x))
        return nn.Dropout(self.rate, deterministic=not train)(x)  # or: KS407|KS401


def main():
    model, x = Net(), jnp.ones((2, 3))
    params_key, root = jax.random.split(jax.random.key(0))
    params = model.init(params_key, x, train=False)
    for step in range(3):
        first, second = jax.random.split(jax.random.fold_in(root, step))
        rngs = {"params": first, "droput": second}  # or: KS407|KS401
        y = model.apply(params, x, train=True, rngs=rngs)  # expect: KS407|KS401
        print(y.mean())


if __name__ == "__main__":
    main()
