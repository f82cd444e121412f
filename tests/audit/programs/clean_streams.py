"""Keys of `keystream.Streams`: a name and a step each."""

import jax
import jax.numpy as jnp

import keystream as ks

streams = ks.Streams(0, "params", "dropout", "noise")


@jax.jit
def step(w, number, streams):
    noise = jax.random.normal(streams.key("noise", number), w.shape)
    keep = jax.random.bernoulli(streams.key("dropout", number), 0.5, w.shape)
    return w + jnp.where(keep, noise, 0.0)


w = jax.random.normal(streams.key("params", 0), (4,))
for number in range(3):
    w = step(w, number, streams)
print(w)
