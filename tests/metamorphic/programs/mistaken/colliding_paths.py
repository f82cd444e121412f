# about: the paths enc1/0drop and enc/10drop are one to Flax
import flax.linen as nn
import jax
import jax.numpy as jnp


class Head(nn.Module):
    layer: str

    @nn.compact
    def __call__(self, x):
        return nn.Dropout(0.5, deterministic=False, name=self.layer)(x)  # expect: KS104


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        left = Head("2drop", name="enc1")(x)  # or: KS104
        right = Head("drop", name="enc12")(x)  # or: KS104
        return left + right


model = Net()
key = jax.random.key(0)
for step in range(2):
    rngs = {"dropout": jax.random.fold_in(key, step)}
    y = model.apply({}, jnp.ones(16), rngs=rngs)  # or: KS104
    print(y)
