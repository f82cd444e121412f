# about: a module asks once for a key and draws with it twice
import flax.linen as nn
import jax
import jax.numpy as jnp


class NoisyDense(nn.Module):
    features: int

    @nn.compact
    def __call__(self, x):
        key = self.make_rng("noise")
        x = x + 0.1 * jax.random.normal(key, x.shape)  # or: KS101
        y = nn.Dense(self.features)(x)
        return y + 0.1 * jax.random.normal(key, y.shape)  # expect: KS101


model, x = NoisyDense(5), jnp.ones((2, 3))
params_key, init_key, root = jax.random.split(jax.random.key(89), 3)
params = model.init({"params": params_key, "noise": init_key}, x)  # or: KS101
for step in range(2):
    y = model.apply(params, x, rngs={"noise": jax.random.fold_in(root, step)})  # or: KS101
print(y)
