# about: the chain of keys begins again after a restart, and the step draws twice from its key
import jax
import jax.numpy as jnp


@jax.jit
def update(w, key):
    w = w + 0.1 * jax.random.normal(key, w.shape)  # or: KS101
    return w * jax.random.bernoulli(key, 0.95, w.shape)  # expect: KS101


def train(checkpoint, until):
    key = jax.random.key(9)  # or: KS202|KS106|KS201
    w = checkpoint["w"]
    for _ in range(checkpoint["step"], until):  # or: KS202|KS106|KS201
        key, step_key = jax.random.split(key)  # or: KS202|KS106|KS201
        w = update(w, step_key)  # expect: KS202|KS106|KS201
    return {"w": w, "step": until}


checkpoint = train({"w": jnp.ones(3), "step": 0}, 3)
checkpoint = train(checkpoint, 6)
print(checkpoint)
