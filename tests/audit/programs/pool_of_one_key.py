"""Workers of a pool split the one key that they are all handed."""

from concurrent.futures import ThreadPoolExecutor

import jax


def rollout(worker, key):
    total = float(worker)
    for _ in range(3):
        key, step_key = jax.random.split(key)
        total += float(jax.random.normal(step_key))  # -> KS201
    return total


def main():
    key = jax.random.key(0)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(rollout, worker, key) for worker in range(4)]
        print(sum(future.result() for future in futures))


main()
