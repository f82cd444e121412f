"""Every sampler of jax.random, eagerly, one key each."""

import jax
import jax.numpy as jnp

keys = iter(jax.random.split(jax.random.key(0), 16))
jax.random.choice(next(keys), 5, (3,), replace=False, p=jnp.ones(5) / 5)
jax.random.permutation(next(keys), jnp.arange(6), independent=True)
jax.random.poisson(next(keys), 3.0, (4,))
jax.random.binomial(next(keys), 5, 0.4, (4,))
jax.random.dirichlet(next(keys), jnp.ones(3))
jax.random.beta(next(keys), 2.0, 3.0)
jax.random.gamma(next(keys), 2.0, (3,))
jax.random.multivariate_normal(next(keys), jnp.zeros(2), jnp.eye(2))
jax.random.randint(next(keys), (4,), 0, 9)
jax.random.orthogonal(next(keys), 3)
jax.random.ball(next(keys), 3)
jax.random.t(next(keys), 3.0)
jax.random.truncated_normal(next(keys), -1.0, 1.0, (3,))
jax.random.categorical(next(keys), jnp.zeros((2, 3)))
print("done")
