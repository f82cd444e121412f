# about: layers get their keys in the order of a set of texts
import jax
import jax.numpy as jnp

names = {"encoder", "decoder", "head", "norm"}
keys = jax.random.split(jax.random.key(88), len(names))
params = {}
for name, key in zip(names, keys):  # or: KS502
    params[name] = jax.random.normal(key, (3, 3))  # expect: KS502
x = jnp.ones(3)
for name in ("encoder", "decoder", "head", "norm"):
    x = jnp.tanh(x @ params[name])
print(x)
