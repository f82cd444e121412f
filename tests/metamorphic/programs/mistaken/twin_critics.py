# about: two critics are each made with nnx.Rngs(0), so their weights are equal
import flax.nnx as nnx
import jax.numpy as jnp


class Critic(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.hidden = nnx.Linear(6, 16, rngs=rngs)  # or: KS106|KS101
        self.out = nnx.Linear(16, 1, rngs=rngs)  # or: KS106|KS101

    def __call__(self, x):
        return self.out(nnx.tanh(self.hidden(x)))


class Agent:
    def __init__(self):
        self.first = Critic(nnx.Rngs(0))  # or: KS106|KS101
        self.second = Critic(nnx.Rngs(0))  # expect: KS106|KS101

    def value(self, x):
        return jnp.minimum(self.first(x), self.second(x))


agent = Agent()  # or: KS106|KS101
print(agent.value(jnp.ones((3, 6))))
