# about: nnx.Rngs(dropout=1) and jax.random.key(1) are one seed by two routes
import flax.nnx as nnx
import jax
import jax.numpy as jnp


class Net(nnx.Module):
    def __init__(self, rngs):
        self.linear = nnx.Linear(6, 6, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x):
        return self.drop(self.linear(x))


model = Net(nnx.Rngs(params=0, dropout=1))  # or: KS101|KS106|KS109|KS103|KS102
key = jax.random.key(1)  # expect: KS101|KS106|KS109|KS103|KS102
x = jnp.ones((2, 6))
out = model(x)  # or: KS101|KS106|KS109|KS103|KS102
for i in range(3):
    noise_key = jax.random.fold_in(key, i)  # or: KS101|KS106|KS109|KS103|KS102
    out = out + jax.random.normal(noise_key, x.shape)  # or: KS101|KS106|KS109|KS103|KS102
print(out)
