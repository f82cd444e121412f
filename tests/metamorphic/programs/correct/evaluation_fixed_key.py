# about: each evaluation of a VAE uses one fixed key, training a new one each step
import jax
import jax.numpy as jnp


def elbo(params, x, key):
    mean, scale = x @ params["enc"], jnp.exp(params["log_scale"])
    z = mean + scale * jax.random.normal(key, mean.shape)
    return -jnp.mean((z @ params["dec"] - x) ** 2) - 0.01 * jnp.mean(mean**2)


@jax.jit
def train_step(params, x, key):
    grads = jax.grad(lambda p: -elbo(p, x, key))(params)
    return jax.tree.map(lambda p, g: p - 0.05 * g, params, grads)


@jax.jit
def evaluate(params, x, key):
    return elbo(params, x, key)


def main():
    init, data, train_key, eval_key = jax.random.split(jax.random.key(23), 4)
    k1, k2 = jax.random.split(init)
    params = {
        "enc": 0.1 * jax.random.normal(k1, (6, 2)),
        "dec": 0.1 * jax.random.normal(k2, (2, 6)),
        "log_scale": jnp.zeros(2),
    }
    x = jax.random.normal(data, (20, 6))
    for step in range(6):
        params = train_step(params, x[:16], jax.random.fold_in(train_key, step))
        if step % 2 == 1:
            print(step, float(evaluate(params, x[16:], eval_key)))


if __name__ == "__main__":
    main()
