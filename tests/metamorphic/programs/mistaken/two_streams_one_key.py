# about: the streams noise and dropout are given one key
import flax.linen as nn
import jax
import jax.numpy as jnp


class Noisy(nn.Module):
    @nn.compact
    def __call__(self, x):
        noise = jax.random.normal(self.make_rng("noise"), x.shape)  # or: KS403
        keep = jax.random.bernoulli(self.make_rng("dropout"), 0.7, x.shape)  # or: KS403
        return jnp.where(keep, x + 0.1 * noise, 0.0)


model = Noisy()
x = jnp.ones((4, 4))
key = jax.random.key(10)
for step in range(3):
    step_key = jax.random.fold_in(key, step)
    x = model.apply({}, x, rngs={"noise": step_key, "dropout": step_key})  # expect: KS403
print(x)
