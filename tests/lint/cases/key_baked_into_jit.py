"""Keys that are constants of a compiled function."""

import jax

KEY = jax.random.key(0)


@jax.jit
def captured(x):
    return x + jax.random.normal(KEY, x.shape)  # KS503


@jax.jit
def made_inside(x):
    return x + jax.random.normal(jax.random.key(1), x.shape)  # KS503


# Near misses.


@jax.jit
def folded(x, step):
    return x + jax.random.normal(jax.random.fold_in(KEY, step), x.shape)


@jax.jit
def given(x, key):
    return x + jax.random.normal(key, x.shape)


@jax.jit
def seeded(x, seed):
    return x + jax.random.normal(jax.random.key(seed), x.shape)


@jax.jit
def init_params():
    return jax.random.normal(jax.random.key(1), (3,))
