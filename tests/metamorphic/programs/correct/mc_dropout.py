# about: the uncertainty of predictions is sampled with dropout on
import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, deterministic):
        x = nn.relu(nn.Dense(8)(x))
        x = nn.Dropout(0.3)(x, deterministic=deterministic)
        return nn.Dense(1)(x)


model = Net()
params_key, mc_key, train_key = jax.random.split(jax.random.key(70), 3)
x = jnp.ones((4, 3))
params = model.init(params_key, x, deterministic=True)


def loss(params, key):
    return jnp.mean(model.apply(params, x, deterministic=False, rngs={"dropout": key}) ** 2)


for step in range(2):
    grads = jax.grad(loss)(params, jax.random.fold_in(train_key, step))
    params = jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)


def mc_sample(key):
    return model.apply(params, x, deterministic=False, rngs={"dropout": key})


samples = jax.vmap(mc_sample)(jax.random.split(mc_key, 10))
print("predictive std", samples.std(0).mean())
