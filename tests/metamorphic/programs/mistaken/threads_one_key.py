# about: workers in threads all draw with one key
from concurrent.futures import ThreadPoolExecutor

import jax


def simulate(key, start):
    steps = jax.random.normal(key, (20,))  # or: KS101|KS201|KS203
    return float(start + steps.sum())


key = jax.random.key(82)
with ThreadPoolExecutor(2) as pool:
    jobs = [pool.submit(simulate, key, float(i)) for i in range(4)]  # expect: KS101|KS201|KS203
    print([job.result() for job in jobs])
