# about: only params is given in training, and Flax serves dropout from it
import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        x = nn.Dense(8)(x)
        return nn.Dropout(0.5, deterministic=not train)(x)  # or: KS401


model, x = Net(), jnp.ones((2, 3))
params_key, key = jax.random.split(jax.random.key(0))
params = model.init(params_key, x, train=False)


@jax.jit
def loss(params, key):
    return model.apply(params, x, train=True, rngs={"params": key}).mean()  # expect: KS401


for step in range(3):
    print(float(loss(params, jax.random.fold_in(key, step))))  # or: KS401
