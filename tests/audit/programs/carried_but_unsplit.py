"""The key is carried through the scan and never changed."""

import jax


@jax.jit
def run(key):
    def body(carry, _):
        x, key = carry
        return (x + jax.random.normal(key), key), None  # -> KS203

    return jax.lax.scan(body, (0.0, key), None, length=4)[0][0]


print(run(jax.random.key(0)))
