# about: under vmap both branches of a cond draw, and each lane takes one result
import jax
import jax.numpy as jnp


def act(key, q):
    coin, key = jax.random.split(key)
    return jax.lax.cond(
        jax.random.uniform(coin) < 0.3,
        lambda: jax.random.randint(key, (), 0, 4),
        lambda: jax.random.categorical(key, q),
    )


def main():
    key = jax.random.key(13)
    q = jnp.arange(32.0).reshape(8, 4) / 32
    for step in range(3):
        keys = jax.random.split(jax.random.fold_in(key, step), 8)
        print(jax.jit(jax.vmap(act))(keys, q))


if __name__ == "__main__":
    main()
