# about: the second child of a split of sixteen equals fold_in(key, 1)
import jax
import jax.numpy as jnp

key = jax.random.key(6)
env_keys = jax.random.split(key, 16)  # or: KS103
positions = jax.vmap(lambda k: jax.random.normal(k, (2,)))(env_keys)  # or: KS103
eval_key = jax.random.fold_in(key, 1)  # expect: KS103
targets = jax.random.normal(eval_key, (2,))  # or: KS103
print(jnp.abs(positions - targets).sum(1))
