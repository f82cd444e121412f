# about: the rate of a configuration is in percent
from dataclasses import dataclass

import flax.linen as nn
import jax
import jax.numpy as jnp


@dataclass(frozen=True)
class Config:
    width: int = 8
    dropout: float = 20.0  # or: KS603
    seed: int = 0


class Net(nn.Module):
    config: Config

    @nn.compact
    def __call__(self, x, train):
        x = nn.relu(nn.Dense(self.config.width)(x))
        x = nn.Dropout(self.config.dropout, deterministic=not train)(x)  # expect: KS603
        return nn.Dense(1)(x)


def main():
    config = Config()  # or: KS603
    params_key, root = jax.random.split(jax.random.key(config.seed))
    model, x = Net(config), jnp.ones((4, 3))  # or: KS603
    params = model.init(params_key, x, train=False)

    def loss(params, key):
        return jnp.mean(model.apply(params, x, train=True, rngs={"dropout": key}) ** 2)  # or: KS603

    for step in range(2):
        grads = jax.grad(loss)(params, jax.random.fold_in(root, step))  # or: KS603
        params = jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)


if __name__ == "__main__":
    main()
