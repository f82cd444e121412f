# about (loud): rng= where Flax takes rngs=
import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        return nn.Dense(2)(nn.Dropout(0.1, deterministic=not train)(x))


model, x = Net(), jnp.ones((2, 3))
params_key, key = jax.random.split(jax.random.key(0))
params = model.init(params_key, x, train=False)
y = model.apply(params, x, train=True, rng={"dropout": key})  # expect: KS406
print(y)
