"""Seeds built from sums: (1, 2) and (2, 1) meet."""

import jax

root = jax.random.key(0)
drawn = []
for epoch in range(3):
    for batch in range(3):
        key = jax.random.fold_in(root, epoch + batch)  # -> KS201
        drawn.append(jax.random.normal(key, (2,)))
print(len(drawn))
