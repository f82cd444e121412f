"""One key for the exploration test and for the action."""

import jax
import jax.numpy as jnp

key = jax.random.key(1)
logits = jnp.zeros(4)
explore = jax.random.uniform(key) < 0.9
action = jax.random.categorical(key, logits) if explore else jnp.argmax(logits)  # -> KS101
print(int(action))
