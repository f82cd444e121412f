# about: two streams share a key, and dropout is off in training
import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        keep = jax.random.bernoulli(self.make_rng("mask"), 0.9, x.shape)  # or: KS403
        x = jnp.where(keep, x, 0.0) + 0.1 * jax.random.normal(
            self.make_rng("noise"), x.shape
        )  # or: KS403
        x = nn.Dropout(0.5)(nn.Dense(4)(x), deterministic=train)  # expect: KS602
        return nn.Dense(1)(x)


model, x = Net(), jnp.ones((2, 3))
keys = jax.random.split(jax.random.key(4), 4)
params = model.init({"params": keys[0], "mask": keys[1], "noise": keys[2]}, x, train=True)


def loss(params, key):
    rngs = {"mask": key, "noise": key, "dropout": jax.random.fold_in(key, 1)}  # or: KS403
    return jnp.mean(model.apply(params, x, train=True, rngs=rngs) ** 2)  # expect: KS403


for step in range(3):
    grads = jax.grad(loss)(params, jax.random.fold_in(keys[3], step))  # or: KS602|KS403
    params = jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)
