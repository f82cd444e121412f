# about: a rate in percent, and one key for all examples of a batch
import equinox as eqx
import jax
import jax.numpy as jnp


class Net(eqx.Module):
    linear: eqx.nn.Linear
    drop: eqx.nn.Dropout

    def __init__(self, key):
        self.linear = eqx.nn.Linear(4, 4, key=key)
        self.drop = eqx.nn.Dropout(20.0)  # expect: KS603

    def __call__(self, x, key):
        return self.drop(self.linear(x), key=key)  # or: KS603


def jitter(x, key):
    return x + 0.1 * jax.random.normal(key, x.shape)  # or: KS303


model_key, noise_key, drop_key = jax.random.split(jax.random.key(3), 3)
model = Net(model_key)  # or: KS603
x = jnp.ones((8, 4))
x = jax.vmap(jitter, in_axes=(0, None))(x, noise_key)  # expect: KS303
y = jax.vmap(model)(x, jax.random.split(drop_key, 8))  # or: KS603
print(y.shape)
