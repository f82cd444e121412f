# about: Equinox with a key per batch, per example and per layer
import equinox as eqx
import jax
import jax.numpy as jnp


class Net(eqx.Module):
    layers: list
    drop: eqx.nn.Dropout

    def __init__(self, *, key):
        first, second = jax.random.split(key)
        self.layers = [eqx.nn.Linear(4, 4, key=first), eqx.nn.Linear(4, 4, key=second)]
        self.drop = eqx.nn.Dropout(0.3)

    def __call__(self, x, *, key=None, inference=False):
        keys = [None, None] if key is None else jax.random.split(key)
        for layer, layer_key in zip(self.layers, keys):
            x = self.drop(jax.nn.relu(layer(x)), key=layer_key, inference=inference)
        return x


@eqx.filter_jit
@eqx.filter_grad
def gradient(model, x, keys):
    y = jax.vmap(lambda x, key: model(x, key=key))(x, keys)
    return jnp.mean((y - x) ** 2)


def main():
    model_key, data_key, key = jax.random.split(jax.random.key(0), 3)
    model = Net(key=model_key)
    x = jax.random.normal(data_key, (8, 4))
    for _ in range(3):
        key, step_key = jax.random.split(key)
        grads = gradient(model, x, jax.random.split(step_key, len(x)))
        model = eqx.apply_updates(model, jax.tree.map(lambda g: -0.1 * g, grads))
    print(jnp.mean(jax.vmap(lambda x: model(x, inference=True))(x)))


if __name__ == "__main__":
    main()
