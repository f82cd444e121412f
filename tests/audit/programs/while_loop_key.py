"""A rejection loop that tries the same proposal for ever, were it not for its bound."""

import jax


@jax.jit
def propose(key):
    def body(state):
        tries, _ = state
        return tries + 1, jax.random.uniform(key)  # -> KS203

    return jax.lax.while_loop(lambda s: (s[0] < 5) & (s[1] < 2.0), body, (0, 0.0))


print(propose(jax.random.key(0)))
