# about: a chain whose key is carried and split in the scan
import jax
import jax.numpy as jnp


def metropolis(key, x0, steps):
    def body(carry, _):
        x, key = carry
        key, move_key, accept_key = jax.random.split(key, 3)
        proposal = x + 0.5 * jax.random.normal(move_key, x.shape)
        log_ratio = 0.5 * (x**2 - proposal**2).sum()
        accept = jnp.log(jax.random.uniform(accept_key)) < log_ratio
        x = jnp.where(accept, proposal, x)
        return (x, key), x

    _, path = jax.lax.scan(body, (x0, key), None, length=steps)
    return path


path = jax.jit(metropolis, static_argnums=2)(jax.random.key(0), jnp.zeros(2), 30)
print(path.mean(0))
