# about: all layers of an Equinox model are made with one key
import equinox as eqx
import jax
import jax.numpy as jnp


class MLP(eqx.Module):
    layers: list

    def __init__(self, width, depth, *, key):
        self.layers = [
            eqx.nn.Linear(width, width, key=key) for _ in range(depth)
        ]  # expect: KS101|KS203|KS201

    def __call__(self, x):
        for layer in self.layers:
            x = jnp.tanh(layer(x))
        return x


key, data_key = jax.random.split(jax.random.key(19))
model = MLP(4, 3, key=key)  # or: KS101|KS203|KS201
x = jax.random.normal(data_key, (8, 4))
print(jax.vmap(model)(x).mean())
