# about: a fori_loop folds its index in
import jax
import jax.numpy as jnp


@jax.jit
def diffuse(key, x, steps):
    def body(i, x):
        return x + jax.random.normal(jax.random.fold_in(key, i), x.shape)

    return jax.lax.fori_loop(0, steps, body, x)


print(diffuse(jax.random.key(9), jnp.zeros(3), 8))
