# about: deterministic is wired to train, so dropout is off in training
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax


class Classifier(nn.Module):
    classes: int

    @nn.compact
    def __call__(self, x, train):
        x = nn.relu(nn.Dense(16)(x))
        x = nn.Dropout(0.5)(x, deterministic=train)  # expect: KS602
        return nn.Dense(self.classes)(x)


model = Classifier(3)


def loss_fn(params, x, y, key):
    logits = model.apply(params, x, train=True, rngs={"dropout": key})  # or: KS602
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@jax.jit
def train_step(params, x, y, key):
    grads = jax.grad(loss_fn)(params, x, y, key)  # or: KS602
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)


def main():
    params_key, data_key, root = jax.random.split(jax.random.key(3), 3)
    x = jax.random.normal(data_key, (12, 5))
    y = jnp.arange(12) % 3
    params = model.init(params_key, x, train=True)
    for step in range(3):
        params = train_step(params, x, y, jax.random.fold_in(root, step))  # or: KS602


if __name__ == "__main__":
    main()
