# about: the target network is a copy of the weights, made once and refreshed
import jax
import jax.numpy as jnp


def q_values(w, obs):
    return obs @ w


@jax.jit
def act(w, obs, key, epsilon):
    coin, choice = jax.random.split(key)
    greedy = q_values(w, obs).argmax(-1)
    randomly = jax.random.randint(choice, greedy.shape, 0, 3)
    return jnp.where(jax.random.uniform(coin, greedy.shape) < epsilon, randomly, greedy)


class Agent:
    def __init__(self, seed):
        self.key, init_key = jax.random.split(jax.random.key(seed))
        self.w = jax.random.normal(init_key, (4, 3))
        self.target = jax.tree.map(jnp.copy, self.w)

    def next_key(self):
        self.key, sub = jax.random.split(self.key)
        return sub

    def play(self, steps):
        for step in range(steps):
            obs = jax.random.normal(self.next_key(), (5, 4))
            action = act(self.w, obs, self.next_key(), 0.2)
            target = q_values(self.target, obs).max(-1)
            self.w = self.w.at[:, action].add(0.01 * target.mean())
            if step % 2 == 1:
                self.target = self.w
        return self.w


print(Agent(61).play(4).sum())
