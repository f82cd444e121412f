"""An object is trained in each turn, and looked at with one key in each."""

import jax
import jax.numpy as jnp
import numpy as np


class Model:
    def __init__(self):
        self.w = jnp.ones(3)

    def fit(self, x):
        self.w = self.w - 0.1 * x
        return float(self.w.sum())

    def predict(self, key):
        return self.w + jax.random.normal(key, (3,))


model, key = Model(), jax.random.key(0)
for stage in range(3):
    loss = model.fit(stage)
    sample = np.asarray(model.predict(key)).mean()
    print(stage, loss, sample)
