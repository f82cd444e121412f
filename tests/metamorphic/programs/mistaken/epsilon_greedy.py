# about: the coin and the random action of a policy come from one key
import jax
import jax.numpy as jnp


@jax.jit
def act(q, key, epsilon):
    explore = jax.random.uniform(key, (q.shape[0],)) < epsilon  # or: KS101
    action = jax.random.categorical(key, jnp.zeros_like(q))  # expect: KS101
    return jnp.where(explore, action, q.argmax(-1))


class Policy:
    def __init__(self, seed):
        self.key = jax.random.key(seed)

    def __call__(self, q):
        self.key, sub = jax.random.split(self.key)
        return act(q, sub, 0.3)  # or: KS101


policy = Policy(74)
for step in range(3):
    print(policy(jnp.arange(24.0).reshape(6, 4)))  # or: KS101
