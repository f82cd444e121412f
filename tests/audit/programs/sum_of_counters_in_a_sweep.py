"""A sweep goes through its seeds again for each setting; within one round they are sums that meet."""

import jax


def run_key(seed, trial, fold):
    return jax.random.key(seed + trial + fold)  # -> KS109


@jax.jit
def score(key, penalty):
    return penalty * jax.random.normal(key, (3,)).sum()


for penalty in (0.1, 1.0, 10.0):
    scores = [score(run_key(7, trial, fold), penalty) for trial in range(3) for fold in range(2)]
    print(penalty, sum(scores) / len(scores))
