# about: one key for init; what a layer keeps of another stream is drawn from params
import flax.linen as nn
import jax
import jax.numpy as jnp


class Features(nn.Module):
    count: int = 8

    @nn.compact
    def __call__(self, x):
        shape = (x.shape[-1], self.count)
        weights = self.variable(
            "fixed",
            "weights",
            lambda: jax.random.normal(self.make_rng("features"), shape),  # expect: KS404
        )
        return jnp.cos(x @ weights.value)


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(1)(Features()(x)).sum()


def main():
    net, x = Net(), jnp.ones((3, 4))
    variables = net.init(jax.random.key(0), x)  # or: KS404
    print(net.apply(variables, x))


main()
