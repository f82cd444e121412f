# about: chains run under an eager vmap, whose compiled step gets one key for all of them
import jax
import jax.numpy as jnp


def log_density(w):
    return -0.5 * jnp.sum(w**2)


@jax.jit
def step(w, key):
    proposal_key, accept_key = jax.random.split(key)
    proposed = w + 0.5 * jax.random.normal(proposal_key, w.shape)  # expect: KS303
    ratio = log_density(proposed) - log_density(w)
    return jnp.where(jnp.log(jax.random.uniform(accept_key)) < ratio, proposed, w)  # or: KS303


def main():
    chains, key = jnp.zeros((4, 3)), jax.random.key(37)
    for _ in range(6):
        key, step_key = jax.random.split(key)
        chains = jax.vmap(step, in_axes=(0, None))(chains, step_key)  # or: KS303
    print(chains.mean(0))


main()
