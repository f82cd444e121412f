# about: samplers that split and loop inside, with one key each
import jax
import jax.numpy as jnp

keys = iter(jax.random.split(jax.random.key(0), 10))
print(jax.random.gamma(next(keys), 2.0, (4,)))
print(jax.random.beta(next(keys), 2.0, 3.0, (4,)))
print(jax.random.poisson(next(keys), 4.0, (4,)))
print(jax.random.binomial(next(keys), 10, 0.3, (4,)))
print(jax.random.dirichlet(next(keys), jnp.ones(3), (2,)))
print(jax.random.choice(next(keys), 10, (4,), replace=False))
print(jax.random.permutation(next(keys), 8))
print(jax.random.randint(next(keys), (4,), 0, 100))
print(jax.random.multivariate_normal(next(keys), jnp.zeros(2), jnp.eye(2)))
print(jax.random.truncated_normal(next(keys), -1.0, 1.0, (3,)))
