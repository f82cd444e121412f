"""Without x64 the seed is cut to 32 bits: two of them make one key."""

import jax

streams = {}
for worker, seed in enumerate((7, 7 + 2**32)):
    streams[worker] = jax.random.normal(jax.random.key(seed), (4,))  # -> KS109
print(streams[0], streams[1])
