# about: all examples of a batch get one mask from vmap with in_axes (0, None)
import equinox as eqx
import jax
import jax.numpy as jnp


class Net(eqx.Module):
    dense: eqx.nn.Linear
    drop: eqx.nn.Dropout

    def __init__(self, key):
        self.dense = eqx.nn.Linear(4, 8, key=key)
        self.drop = eqx.nn.Dropout(0.5)

    def __call__(self, x, key):
        return self.drop(jax.nn.relu(self.dense(x)), key=key)  # or: KS303


@eqx.filter_jit
def loss(model, xs, key):
    ys = jax.vmap(model, in_axes=(0, None))(xs, key)  # expect: KS303
    return jnp.mean(ys**2)


model_key, data_key, root = jax.random.split(jax.random.key(84), 3)
model = Net(model_key)
xs = jax.random.normal(data_key, (6, 4))
for i in range(3):
    grads = eqx.filter_grad(loss)(model, xs, jax.random.fold_in(root, i))  # or: KS303
    model = eqx.apply_updates(model, jax.tree.map(lambda g: -0.1 * g, grads))
