# about: Haiku with a PRNGSequence
import haiku as hk
import jax
import jax.numpy as jnp


def forward(x, is_training):
    h = jax.nn.relu(hk.Linear(8)(x))
    if is_training:
        h = hk.dropout(hk.next_rng_key(), 0.2, h)
    h = jax.nn.relu(hk.Linear(8)(h))
    if is_training:
        h = hk.dropout(hk.next_rng_key(), 0.2, h)
    return hk.Linear(1)(h)


model = hk.transform(forward)
rngs = hk.PRNGSequence(5)
x = jax.random.normal(next(rngs), (8, 4))
params = model.init(next(rngs), x, False)


@jax.jit
def update(params, rng, x):
    grads = jax.grad(lambda p: jnp.mean((model.apply(p, rng, x, True) - 1.0) ** 2))(params)
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)


for _ in range(3):
    params = update(params, next(rngs), x)
print(model.apply(params, None, x, False).mean())
