# about: the validation accuracy is measured with dropout on
import flax.linen as nn
import jax
import jax.numpy as jnp
import optax


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        x = nn.relu(nn.Dense(16)(x))
        x = nn.Dropout(0.5, deterministic=not train)(x)  # or: KS601
        return nn.Dense(2)(x)


model = Net()


def train_loss(params, x, y, key):
    logits = model.apply(params, x, train=True, rngs={"dropout": key})
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@jax.jit
def train_step(params, x, y, key):
    grads = jax.grad(train_loss)(params, x, y, key)
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)


@jax.jit
def evaluate(params, x, y, key):
    logits = model.apply(params, x, train=True, rngs={"dropout": key})  # expect: KS601
    return (logits.argmax(-1) == y).mean()


params_key, data_key, train_key, eval_key = jax.random.split(jax.random.key(3), 4)
x = jax.random.normal(data_key, (40, 5))
y = (x[:, 0] > 0).astype(int)
params = model.init(params_key, x, train=False)
for step in range(4):
    params = train_step(params, x[:32], y[:32], jax.random.fold_in(train_key, step))
accuracy = evaluate(params, x[32:], y[32:], eval_key)  # or: KS601
print(f"validation accuracy {accuracy:.2f}")
