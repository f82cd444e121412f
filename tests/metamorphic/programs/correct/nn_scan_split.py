# about: scanned Linen layers with dropout split, rematerialised
import flax.linen as nn
import jax
import jax.numpy as jnp


class Block(nn.Module):
    width: int

    @nn.compact
    def __call__(self, x, _):
        h = nn.gelu(nn.Dense(self.width)(nn.LayerNorm()(x)))
        return x + nn.Dropout(0.2, deterministic=False)(h), None


class Encoder(nn.Module):
    depth: int = 3

    @nn.compact
    def __call__(self, x):
        layers = nn.scan(
            nn.remat(Block),
            variable_axes={"params": 0},
            split_rngs={"params": True, "dropout": True},
            length=self.depth,
        )
        x, _ = layers(x.shape[-1], name="layers")(x, None)
        return nn.Dense(1)(x)


model = Encoder()
x = jnp.ones((4, 8))
k_params, k_init, key = jax.random.split(jax.random.key(0), 3)
params = model.init({"params": k_params, "dropout": k_init}, x)


@jax.jit
def step(params, key):
    grads = jax.grad(lambda p: jnp.mean(model.apply(p, x, rngs={"dropout": key}) ** 2))(params)
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)


for i in range(3):
    params = step(params, jax.random.fold_in(key, i))
