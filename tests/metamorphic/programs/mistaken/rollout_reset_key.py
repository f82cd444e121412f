# about: the environments are reset and their noise is drawn with one key
import jax
import jax.numpy as jnp


def reset(key):
    return jax.random.normal(key, (4, 2))  # or: KS101|KS102


@jax.jit
def rollout(w, key):
    state = reset(key)  # or: KS101|KS102

    def body(state, k):
        action = jnp.tanh(state @ w)
        state = state + 0.1 * action + 0.05 * jax.random.normal(k, state.shape)
        return state, -jnp.abs(state).sum()

    return jax.lax.scan(body, state, jax.random.split(key, 6))[1].mean()  # expect: KS102|KS101


w = jnp.eye(2)
key = jax.random.key(91)
for update in range(3):
    key, sub = jax.random.split(key)
    print(float(rollout(w, sub)))  # or: KS101|KS102
