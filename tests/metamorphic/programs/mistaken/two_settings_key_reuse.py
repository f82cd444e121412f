# about: train is called with two rates and uses one key twice in itself
import jax
import jax.numpy as jnp


def train(seed, lr):
    key = jax.random.key(seed)
    w = 0.1 * jax.random.normal(key, (3, 3))  # or: KS101|KS102
    data = jax.random.uniform(key, (10, 3))  # expect: KS101
    for _ in range(3):
        w = w - lr * data.T @ (data @ w) / 10
    return float(jnp.abs(w).sum())


print(train(0, 0.1))
print(train(0, 0.01))
