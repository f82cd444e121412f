# about: a key is an attribute of the class; each instance draws with it
import jax
import jax.numpy as jnp


class NoiseLayer:
    key = jax.random.key(78)  # or: KS108|KS201|KS101|KS203

    def __init__(self, scale):
        self.scale = scale

    def __call__(self, x):
        return x + self.scale * jax.random.normal(
            self.key, x.shape
        )  # expect: KS108|KS201|KS101|KS203


layers = [NoiseLayer(0.1), NoiseLayer(0.2), NoiseLayer(0.3)]
x = jnp.zeros((2, 4))
for layer in layers:  # or: KS201|KS203
    x = layer(x)  # or: KS108|KS201|KS101|KS203
print(x)
