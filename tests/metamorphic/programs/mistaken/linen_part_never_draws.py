# about: one part of a model keeps the default that switches its dropout off, in training too
import flax.linen as nn
import jax
import jax.numpy as jnp


class Tail(nn.Module):
    off: bool = True

    @nn.compact
    def __call__(self, x):
        return nn.Dropout(0.4)(nn.Dense(2)(x), deterministic=self.off)  # expect: KS602


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        x = nn.Dropout(0.4)(nn.Dense(4)(x), deterministic=not train)
        return Tail()(x).sum()  # or: KS602


def main():
    net, x = Net(), jnp.ones((3, 4))
    params = net.init(jax.random.key(0), x, False)
    key = jax.random.key(1)
    for number in range(3):
        rngs = {"dropout": jax.random.fold_in(key, number)}
        grads = jax.grad(lambda p, rngs=rngs: net.apply(p, x, True, rngs=rngs) ** 2)(params)
        params = jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)
    print(jax.tree.map(jnp.sum, params))


main()
