# about: workers in threads, each with a key of its own
from concurrent.futures import ThreadPoolExecutor

import jax


def work(key):
    total = 0.0
    for _ in range(3):
        key, sub = jax.random.split(key)
        total += float(jax.random.normal(sub, (10,)).sum())
    return total


with ThreadPoolExecutor(2) as pool:
    print(sum(pool.map(work, jax.random.split(jax.random.key(1), 3))))
