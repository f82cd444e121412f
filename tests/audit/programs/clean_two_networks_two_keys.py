"""Actor and critic, each with its key; the target is a copy."""

import flax.linen as nn
import jax
import jax.numpy as jnp

key = jax.random.key(0)
key, k_actor, k_critic = jax.random.split(key, 3)
x = jnp.ones((2, 3))
actor, critic = nn.Dense(4), nn.Dense(4)
actor_params, critic_params = actor.init(k_actor, x), critic.init(k_critic, x)
target = jax.tree.map(jnp.copy, critic_params)
print(jax.tree.map(jnp.shape, target))
