"""A sampler scans over positions without splitting the stream that it samples from."""

import flax.linen as nn
import jax
import jax.numpy as jnp


class Decoder(nn.Module):
    def setup(self):
        self.out = nn.Dense(4)

    def pick(self, logits):
        noise = jax.random.gumbel(self.make_rng("sample"), logits.shape)  # -> KS305
        return jnp.argmax(logits + noise, axis=-1)

    def __call__(self, start):
        def body(module, token, _):
            token = module.pick(module.out(jax.nn.one_hot(token, 4)))
            return token, token

        split = {"params": False, "sample": False}
        scan = nn.scan(body, variable_broadcast="params", length=5, split_rngs=split)
        return scan(self, start, None)[1]


model, start = Decoder(), jnp.zeros(2, int)
params_key, init_key, sample_key = jax.random.split(jax.random.key(0), 3)
variables = model.init({"params": params_key, "sample": init_key}, start)
print(model.apply(variables, start, rngs={"sample": sample_key}))
