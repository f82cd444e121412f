"""The sum of a particle's number and the step is folded in: particles meet in different steps."""

import jax
import jax.numpy as jnp


@jax.jit
def moved(key, xs):
    def particle(i, x):
        def step(x, t):
            step_key = jax.random.fold_in(key, i + t)
            return x + jax.random.normal(step_key), None  # -> KS109

        return jax.lax.scan(step, x, jnp.arange(5))[0]

    return jax.vmap(particle)(jnp.arange(4), xs)


print(moved(jax.random.key(0), jnp.zeros(4)))
