# about: a trainer class with a configuration, several dropout layers and an evaluation
from dataclasses import dataclass

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax


@dataclass(frozen=True)
class Config:
    width: int = 8
    rate: float = 0.1
    steps: int = 3
    seed: int = 0


class Net(nn.Module):
    config: Config

    @nn.compact
    def __call__(self, x, train):
        for _ in range(2):
            x = nn.relu(nn.Dense(self.config.width)(x))
            x = nn.Dropout(self.config.rate, deterministic=not train)(x)
        return nn.Dense(1)(x)


class Trainer:
    def __init__(self, config):
        self.config = config
        self.model = Net(config)
        self.tx = optax.adam(1e-2)
        self.key, init_key, data_key = jax.random.split(jax.random.key(config.seed), 3)
        self.x = jax.random.normal(data_key, (16, 4))
        self.y = self.x.sum(1, keepdims=True)
        self.params = self.model.init(init_key, self.x, train=False)
        self.opt_state = self.tx.init(self.params)
        self._step = jax.jit(self._train_step)

    def _train_step(self, params, opt_state, key):
        def loss_fn(params):
            pred = self.model.apply(params, self.x, train=True, rngs={"dropout": key})
            return jnp.mean((pred - self.y) ** 2)

        loss, grads = jax.value_and_grad(loss_fn)(params)
        updates, opt_state = self.tx.update(grads, opt_state)
        return optax.apply_updates(params, updates), opt_state, loss

    def fit(self):
        for _ in range(self.config.steps):
            self.key, key = jax.random.split(self.key)
            self.params, self.opt_state, loss = self._step(self.params, self.opt_state, key)
            print(float(loss), self.evaluate())

    def evaluate(self):
        pred = self.model.apply(self.params, self.x, train=False)
        return float(jnp.mean((pred - self.y) ** 2))


Trainer(Config()).fit()
