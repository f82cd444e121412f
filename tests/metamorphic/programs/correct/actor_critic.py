# about: reinforcement learning with a batch of environments and a carried key
import jax
import jax.numpy as jnp


def reset(key):
    return jax.random.uniform(key, (2,), minval=-0.1, maxval=0.1)


def env_step(key, state, action):
    state = state + 0.1 * (action - 0.5) + 0.01 * jax.random.normal(key, state.shape)
    return state, -jnp.abs(state).sum()


@jax.jit
def rollout(w, key):
    reset_key, key = jax.random.split(key)
    states = jax.vmap(reset)(jax.random.split(reset_key, 4))

    def body(carry, _):
        states, key = carry
        key, act_key, env_key = jax.random.split(key, 3)
        actions = jax.random.bernoulli(act_key, jax.nn.sigmoid(states @ w))
        states, rewards = jax.vmap(env_step)(jax.random.split(env_key, 4), states, actions)
        return (states, key), rewards

    return jax.lax.scan(body, (states, key), None, length=8)[1].mean()


def main():
    w_key, key = jax.random.split(jax.random.key(60))
    w = jax.random.normal(w_key, (2, 2))
    for update in range(3):
        key, sub = jax.random.split(key)
        print(update, float(rollout(w, sub)))


if __name__ == "__main__":
    main()
