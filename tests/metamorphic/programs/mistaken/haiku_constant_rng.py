# about: Haiku's apply gets the same rng at each step
import haiku as hk
import jax
import jax.numpy as jnp


def forward(x, is_training):
    h = jax.nn.relu(hk.Linear(16)(x))
    if is_training:
        h = hk.dropout(hk.next_rng_key(), 0.5, h)  # or: KS201|KS203
    return hk.Linear(1)(h)


model = hk.transform(forward)


@jax.jit
def update(params, rng, x, y):
    def loss(params):
        return jnp.mean((model.apply(params, rng, x, True) - y) ** 2)  # or: KS201|KS203

    grads = jax.grad(loss)(params)  # or: KS201|KS203
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)


def main():
    init_rng, data_rng, rng = jax.random.split(jax.random.PRNGKey(428), 3)
    x = jax.random.normal(data_rng, (16, 4))
    y = x.sum(1, keepdims=True)
    params = model.init(init_rng, x, False)
    for _ in range(4):  # or: KS201|KS203
        params = update(params, rng, x, y)  # expect: KS201|KS203
    print(jnp.mean((model.apply(params, None, x, False) - y) ** 2))


if __name__ == "__main__":
    main()
