# about: layers in nn.scan have their own weights and share one dropout mask
import flax.linen as nn
import jax
import jax.numpy as jnp


class Block(nn.Module):
    width: int
    rate: float

    @nn.compact
    def __call__(self, x, _):
        h = nn.gelu(nn.Dense(self.width)(nn.LayerNorm()(x)))
        return x + nn.Dropout(self.rate, deterministic=False)(h), None  # or: KS305


class Encoder(nn.Module):
    depth: int = 3

    @nn.compact
    def __call__(self, x):
        layers = nn.scan(  # or: KS305
            Block,
            variable_axes={"params": 0},
            split_rngs={"params": True, "dropout": False},  # expect: KS305
            length=self.depth,
        )
        x, _ = layers(x.shape[-1], 0.2, name="layers")(x, None)  # or: KS305
        return nn.Dense(1)(x)


model = Encoder()
x = jnp.ones((4, 8))
k_params, k_init, key = jax.random.split(jax.random.key(0), 3)
variables = model.init({"params": k_params, "dropout": k_init}, x)
for step in range(3):
    rngs = {"dropout": jax.random.fold_in(key, step)}
    y = model.apply(variables, x, rngs=rngs)  # or: KS305
    print(float(y.mean()))
