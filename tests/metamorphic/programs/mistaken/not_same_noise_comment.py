# about: a comment claims independence that is not there
import jax


def observe(key, x):
    # is NOT the same noise as in the dynamics
    return x + 0.1 * jax.random.normal(key, x.shape)  # or: KS101


def advance(key, x):
    return 0.9 * x + jax.random.normal(key, x.shape)  # or: KS101


key, start = jax.random.split(jax.random.key(4))
x = jax.random.normal(start, (2,))
for k in jax.random.split(key, 6):
    x = advance(k, x)  # or: KS101
    y = observe(k, x)  # expect: KS101
    print(y)
