# about: under vmap one of three functions gets an example's key, a legacy one
import jax
import jax.numpy as jnp


def shifted(key, x):
    return x + jax.random.normal(key, x.shape)


def scaled(key, x):
    return x * jax.random.uniform(key, ())


def masked(key, x):
    return x * jax.random.bernoulli(key, 0.7, x.shape)


def one(key, x):
    which, how = jax.random.split(key)
    return jax.lax.switch(jax.random.randint(which, (), 0, 3), (shifted, scaled, masked), how, x)


@jax.jit
def augment(key, xs):
    return jax.vmap(one)(jax.random.split(key, len(xs)), xs)


def main():
    key = jax.random.PRNGKey(3)
    total = jnp.zeros(())
    for number in range(3):
        total = total + augment(jax.random.fold_in(key, number), jnp.ones((5, 4))).sum()
    print(total)


main()
