# about: a diffusion model is trained and sampled from
import jax
import jax.numpy as jnp


def denoise(w, x, t):
    return jnp.tanh(jnp.concatenate([x, t[:, None]], axis=1) @ w)


@jax.jit
def train_step(w, x, key):
    t_key, noise_key = jax.random.split(key)
    t = jax.random.uniform(t_key, (len(x),))
    noise = jax.random.normal(noise_key, x.shape)
    noisy = jnp.sqrt(1 - t)[:, None] * x + jnp.sqrt(t)[:, None] * noise
    return w - 0.1 * jax.grad(lambda w: jnp.mean((denoise(w, noisy, t) - noise) ** 2))(w)


@jax.jit
def sample(w, key):
    start_key, key = jax.random.split(key)
    x = jax.random.normal(start_key, (4, 2))

    def body(x, step):
        i, k = step
        t = jnp.full(4, 1 - i / 5)
        x = x - 0.2 * denoise(w, x, t) + 0.05 * jax.random.normal(k, x.shape)
        return x, None

    return jax.lax.scan(body, x, (jnp.arange(5), jax.random.split(key, 5)))[0]


def main():
    w_key, data_key, train_key, sample_key = jax.random.split(jax.random.key(77), 4)
    w = 0.1 * jax.random.normal(w_key, (3, 2))
    x = jax.random.normal(data_key, (16, 2))
    for step in range(4):
        w = train_step(w, x, jax.random.fold_in(train_key, step))
    print(sample(w, sample_key))


if __name__ == "__main__":
    main()
