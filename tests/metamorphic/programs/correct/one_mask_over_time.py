# about: variational dropout hands the mask, not the key, to each time step
import jax
import jax.numpy as jnp


@jax.jit
def rnn(w, xs, key):
    keep = jax.random.bernoulli(key, 0.8, w.shape[:1]) / 0.8

    def cell(h, x):
        h = jnp.tanh((h * keep) @ w + x)
        return h, h

    return jax.lax.scan(cell, jnp.zeros(w.shape[0]), xs)[0]


w_key, key = jax.random.split(jax.random.key(20))
w = 0.3 * jax.random.normal(w_key, (4, 4))
for step in range(3):
    print(rnn(w, jnp.ones((6, 4)), jax.random.fold_in(key, step)))
