"""An agent acts with one key in each turn, and learns from what it did."""

import jax
import jax.numpy as jnp


class Agent:
    def __init__(self):
        self.w = jnp.ones(3)

    def act(self, key):
        return self.w + jax.random.normal(key, (3,))

    def update(self, action):
        self.w = self.w - 0.1 * action


agent, key = Agent(), jax.random.key(0)
for _ in range(3):
    action = agent.act(key)  # -> KS201
    agent.update(action)
print(agent.w)
