# about: a VAE in Linen with a stream of its own for the latent
import flax.linen as nn
import jax
import jax.numpy as jnp


class VAE(nn.Module):
    latent: int = 2

    @nn.compact
    def __call__(self, x):
        mean = nn.Dense(self.latent)(x)
        log_scale = nn.Dense(self.latent)(x)
        z = mean + jnp.exp(log_scale) * jax.random.normal(self.make_rng("latent"), mean.shape)
        return nn.Dense(x.shape[-1])(z), mean, log_scale


model = VAE()
params_key, init_key, data_key, root = jax.random.split(jax.random.key(90), 4)
x = jax.random.normal(data_key, (8, 5))
params = model.init({"params": params_key, "latent": init_key}, x)


@jax.jit
def step(params, key):
    def loss(params):
        out, mean, log_scale = model.apply(params, x, rngs={"latent": key})
        kl = 0.5 * jnp.mean(mean**2 + jnp.exp(2 * log_scale) - 2 * log_scale)
        return jnp.mean((out - x) ** 2) + 0.1 * kl

    value, grads = jax.value_and_grad(loss)(params)
    return jax.tree.map(lambda p, g: p - 0.05 * g, params, grads), value


for i in range(3):
    params, value = step(params, jax.random.fold_in(root, i))
    print(float(value))
