"""Keys by epoch, batch and purpose, each folded in."""

import jax

root = jax.random.key(0)
for epoch in range(2):
    for batch in range(2):
        key = jax.random.fold_in(jax.random.fold_in(root, epoch), batch)
        k_aug, k_drop = jax.random.split(key)
        print(jax.random.uniform(k_aug) + jax.random.uniform(k_drop))
