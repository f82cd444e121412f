# about: each row is jittered with the one key that a lambda closes over
import jax
import jax.numpy as jnp


def jittered(row, key):
    return row + jax.random.normal(key, row.shape)  # expect: KS101|KS201


def main():
    key = jax.random.key(29)
    rows = list(jnp.eye(3))
    moved = list(map(lambda row: jittered(row, key), rows))  # or: KS101|KS201
    print(jnp.stack(moved).mean(0))


main()
