"""The best of several attempts: each is told its number, and none folds it into the key."""

import jax
import jax.numpy as jnp


class Solver:
    def __init__(self, key):
        self.key = key

    def solve(self, attempt, problem, *, verbose=False):
        x = jax.random.normal(self.key, problem.shape)
        for _ in range(3):
            x = x - 0.1 * (x - problem)
        if verbose:
            print("attempt", attempt)
        return x, float(((x - problem) ** 2).sum())


solver, problem = Solver(jax.random.key(4)), jnp.ones(3)
results = [solver.solve(attempt, problem) for attempt in range(5)]  # -> KS201
print(min(results, key=lambda result: result[1]))
