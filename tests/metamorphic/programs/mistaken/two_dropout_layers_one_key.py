# about: one dropout key at every step, in a Linen model with two Dropout layers
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        x = nn.Dropout(0.2, deterministic=not train)(nn.relu(nn.Dense(16)(x)))
        x = nn.Dropout(0.5, deterministic=not train)(nn.relu(nn.Dense(16)(x)))
        return nn.Dense(1)(x)


model, tx = Net(), optax.sgd(0.1)


@jax.jit
def train_step(params, opt_state, x, y, dropout_key):
    def loss_fn(params):
        pred = model.apply(params, x, train=True, rngs={"dropout": dropout_key})  # or: KS201|KS203
        return jnp.mean((pred - y) ** 2)

    loss, grads = jax.value_and_grad(loss_fn)(params)
    updates, opt_state = tx.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss


key, params_key, data_key, dropout_key = jax.random.split(jax.random.key(42), 4)
x = jax.random.normal(data_key, (32, 4))
y = x.sum(1, keepdims=True)
params = model.init(params_key, x, train=False)
opt_state = tx.init(params)
for step in range(5):  # or: KS201|KS203
    params, opt_state, loss = train_step(
        params, opt_state, x, y, dropout_key
    )  # expect: KS201|KS203
    print(step, float(loss))
