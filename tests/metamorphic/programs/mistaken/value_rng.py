# about: a key named value_rng makes the weights of two layers of one shape
import jax
import jax.numpy as jnp


def init_critic(value_rng, sizes):
    layers = []
    for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):  # or: KS201|KS203|KS101
        w = (
            jax.random.normal(value_rng, (fan_in, fan_out)) / fan_in**0.5
        )  # expect: KS101|KS203|KS201
        layers.append(w)
    return layers


def main():
    policy_rng, value_rng = jax.random.split(jax.random.key(30))
    critic = init_critic(value_rng, (8, 8, 8, 1))  # or: KS201|KS203|KS101
    actor = jax.random.normal(policy_rng, (8, 2))
    x = jnp.ones(8)
    for w in critic:
        x = jnp.tanh(x @ w)
    print(x, (jnp.ones(8) @ actor))


if __name__ == "__main__":
    main()
