# about: a rate in percent and a dropout key that never changes
import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    rate: float

    @nn.compact
    def __call__(self, x):
        x = nn.Dropout(self.rate, deterministic=False)(nn.Dense(8)(x))  # expect: KS603
        return x + 0.1 * jax.random.normal(self.make_rng("noise"), x.shape)  # or: KS201|KS203


model, x = Net(rate=30.0), jnp.ones((2, 3))  # or: KS603
keys = jax.random.split(jax.random.key(0), 5)
params = model.init({"params": keys[0], "dropout": keys[1], "noise": keys[2]}, x)  # or: KS603
noise_key = keys[3]
for step in range(4):  # or: KS201|KS203
    rngs = {"dropout": jax.random.fold_in(keys[4], step), "noise": noise_key}
    y = model.apply(params, x, rngs=rngs)  # expect: KS201|KS203
print(y)
