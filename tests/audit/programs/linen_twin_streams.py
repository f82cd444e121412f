"""Two streams of one seed meet in a module that asks for both."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Layer(nn.Module):
    @nn.compact
    def __call__(self, x):
        a = jax.random.normal(self.make_rng("noise"), x.shape)
        b = jax.random.normal(self.make_rng("augment"), x.shape)  # -> KS403
        return x + a - b


rngs = {"noise": jax.random.key(3), "augment": jax.random.key(3)}
print(Layer().apply({}, jnp.ones(4), rngs=rngs))
