# about: a layer does without its noise where the stream has another name, and the call names it otherwise
import flax.linen as nn
import jax
import jax.numpy as jnp


class Jitter(nn.Module):
    scale: float = 0.1

    @nn.compact
    def __call__(self, x):
        if self.has_rng("jitter"):  # expect: KS407
            return x + self.scale * jax.random.normal(self.make_rng("jitter"), x.shape)
        return x


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return Jitter()(nn.Dense(2)(x)).sum()


def main():
    net, x = Net(), jnp.ones((3, 4))
    params = net.init(jax.random.key(0), x)
    key = jax.random.key(1)
    for number in range(3):
        rngs = {"jiter": jax.random.fold_in(key, number)}
        grads = jax.grad(lambda p, rngs=rngs: net.apply(p, x, rngs=rngs) ** 2)(params)  # or: KS407
        params = jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)
    print(jax.tree.map(jnp.sum, params))


main()
