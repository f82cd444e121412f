# about: a GAN draws new latents for the discriminator and the generator
import jax
import jax.numpy as jnp


def generate(g, z):
    return z @ g


def score(d, x):
    return jnp.tanh(x @ d).mean()


@jax.jit
def d_step(d, g, x, key):
    z = jax.random.normal(key, (len(x), 2))
    return d + 0.1 * jax.grad(lambda d: score(d, x) - score(d, generate(g, z)))(d)


@jax.jit
def g_step(d, g, key):
    z = jax.random.normal(key, (8, 2))
    return g + 0.1 * jax.grad(lambda g: score(d, generate(g, z)))(g)


key, g_key, d_key, x_key = jax.random.split(jax.random.key(55), 4)
g = jax.random.normal(g_key, (2, 3))
d = jax.random.normal(d_key, (3,))
x = jax.random.normal(x_key, (8, 3))
for _ in range(3):
    key, k1, k2 = jax.random.split(key, 3)
    d = d_step(d, g, x, k1)
    g = g_step(d, g, k2)
fixed = jax.random.normal(jax.random.fold_in(key, 0), (4, 2))
print(generate(g, fixed))
