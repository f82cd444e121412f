# about: the accuracy of a step is a comparison of predictions that all use one dropout key
import flax.linen as nn
import jax
import jax.numpy as jnp


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Dense(16)(x))
        x = nn.Dropout(0.5, deterministic=False)(x)  # or: KS201|KS203
        return nn.Dense(3)(x)


net = Net()
params_key, dropout_key, data_key = jax.random.split(jax.random.key(1), 3)
xs = jax.random.normal(data_key, (4, 8, 5))
ys = jnp.arange(32).reshape(4, 8) % 3
p = net.init({"params": params_key, "dropout": jax.random.key(12)}, xs[0])
for x, y in zip(xs, ys):  # or: KS201|KS203
    acc = (
        net.apply(p, x, rngs={"dropout": dropout_key}).argmax(-1) == y
    ).mean()  # expect: KS201|KS203
    print(f"train accuracy {acc:.2f}")
