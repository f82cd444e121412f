# about: the members of an ensemble are initialised with one key
import flax.linen as nn
import jax
import jax.numpy as jnp


class Member(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(nn.tanh(nn.Dense(8)(x)))  # or: KS101|KS203|KS201


model = Member()
init_key, data_key = jax.random.split(jax.random.key(76))
x = jax.random.normal(data_key, (10, 3))
ensemble = [model.init(init_key, x) for _ in range(4)]  # expect: KS101|KS203|KS201
predictions = jnp.stack([model.apply(params, x) for params in ensemble])
print("spread", predictions.std(0).mean())
