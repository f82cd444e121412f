"""Environments with keys of their own, reset within the loop; rollouts scanned; minibatches permuted."""

import jax
import jax.numpy as jnp

N = 8


def env_step(state, action, key):
    new = state + action + 0.1 * jax.random.normal(key, state.shape)
    done = jnp.abs(new).sum() > 3.0
    reset = jax.random.uniform(jax.random.fold_in(key, 1), state.shape)
    return jnp.where(done, reset, new), done


@jax.jit
def rollout(w, states, key):
    def body(carry, _):
        states, key = carry
        key, k_act, k_env = jax.random.split(key, 3)
        actions = states @ w + 0.1 * jax.random.normal(k_act, states.shape)
        states, done = jax.vmap(env_step)(states, actions, jax.random.split(k_env, N))
        return (states, key), states

    (states, key), trajectory = jax.lax.scan(body, (states, key), None, length=5)
    order = jax.random.permutation(key, trajectory.shape[0])
    return states, trajectory[order]


key, k_reset, k_w = jax.random.split(jax.random.key(0), 3)
states = jax.vmap(lambda k: jax.random.uniform(k, (2,)))(jax.random.split(k_reset, N))
w = 0.1 * jax.random.normal(k_w, (2, 2))
for _ in range(3):
    key, sub = jax.random.split(key)
    states, trajectory = rollout(w, states, sub)
print(trajectory.shape)
