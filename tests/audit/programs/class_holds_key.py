"""An agent keeps a key and acts with it at every step."""

import jax
import jax.numpy as jnp


class Agent:
    def __init__(self, seed):
        self.key = jax.random.key(seed)

    def act(self, logits):
        return jax.random.categorical(self.key, logits)  # -> KS201


agent = Agent(0)
actions = [int(agent.act(jnp.zeros(4))) for _ in range(5)]
print(actions)
