# about: a usual training loop in Linen with optax
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from flax.training.train_state import TrainState


class MLP(nn.Module):
    hidden: int = 16

    @nn.compact
    def __call__(self, x, *, train: bool):
        x = nn.relu(nn.Dense(self.hidden)(x))
        x = nn.Dropout(0.3, deterministic=not train)(x)
        return nn.Dense(2)(x)


@jax.jit
def train_step(state, x, y, key):
    key = jax.random.fold_in(key, state.step)

    def loss_fn(params):
        logits = state.apply_fn({"params": params}, x, train=True, rngs={"dropout": key})
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


@jax.jit
def accuracy(state, x, y):
    logits = state.apply_fn({"params": state.params}, x, train=False)
    return (logits.argmax(-1) == y).mean()


def main():
    params_key, data_key, dropout_key = jax.random.split(jax.random.key(0), 3)
    x = jax.random.normal(data_key, (32, 5))
    y = (x.sum(1) > 0).astype(int)
    model = MLP()
    params = model.init(params_key, x, train=False)["params"]
    state = TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(1e-2))
    for _ in range(4):
        state, loss = train_step(state, x, y, dropout_key)
        print(float(loss), float(accuracy(state, x, y)))


if __name__ == "__main__":
    main()
