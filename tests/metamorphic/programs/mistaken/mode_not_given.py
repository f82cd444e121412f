# about (loud): a Dropout layer that is never told whether to draw
import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Dropout(0.1)(nn.Dense(4)(x))  # expect: KS604
        return nn.Dense(2)(x)


model, x = Net(), jnp.ones((2, 3))
params_key, key = jax.random.split(jax.random.key(0))
params = model.init({"params": params_key, "dropout": key}, x)  # or: KS604
print(model.apply(params, x, rngs={"dropout": jax.random.key(1)}))  # or: KS604
