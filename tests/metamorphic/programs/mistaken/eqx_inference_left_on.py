# about: the model stays in inference mode after an evaluation
import equinox as eqx
import jax
import jax.numpy as jnp


class Net(eqx.Module):
    dense: eqx.nn.Linear
    drop: eqx.nn.Dropout
    out: eqx.nn.Linear

    def __init__(self, key):
        first, second = jax.random.split(key)
        self.dense = eqx.nn.Linear(4, 8, key=first)
        self.drop = eqx.nn.Dropout(0.5)
        self.out = eqx.nn.Linear(8, 1, key=second)

    def __call__(self, x, key=None):
        return self.out(self.drop(jax.nn.relu(self.dense(x)), key=key))  # or: KS602


@eqx.filter_jit
@eqx.filter_grad
def gradient(model, x, keys):
    return jnp.mean(jax.vmap(model)(x, keys) ** 2)  # or: KS602


model_key, data_key, root = jax.random.split(jax.random.key(28), 3)
model = Net(model_key)
model = eqx.nn.inference_mode(model)  # or: KS602
x = jax.random.normal(data_key, (6, 4))
print("before training", float(jnp.mean(jax.vmap(model)(x) ** 2)))
for step in range(3):
    keys = jax.random.split(jax.random.fold_in(root, step), len(x))
    grads = gradient(model, x, keys)  # expect: KS602
    model = eqx.apply_updates(model, jax.tree.map(lambda g: -0.1 * g, grads))
