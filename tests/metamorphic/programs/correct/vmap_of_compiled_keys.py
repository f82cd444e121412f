# about: chains run under an eager vmap, whose compiled step gets a key for each of them
import jax
import jax.numpy as jnp


@jax.jit
def step(w, key):
    proposal_key, accept_key = jax.random.split(key)
    proposed = w + 0.5 * jax.random.normal(proposal_key, w.shape)
    ratio = 0.5 * (jnp.sum(w**2) - jnp.sum(proposed**2))
    return jnp.where(jnp.log(jax.random.uniform(accept_key)) < ratio, proposed, w)


def walk(w, key):
    def body(w, key):
        return step(w, key), w

    return jax.lax.scan(body, w, jax.random.split(key, 4))[0]


def main():
    chains, key = jnp.zeros((4, 3)), jax.random.key(41)
    for _ in range(3):
        key, step_key, walk_key = jax.random.split(key, 3)
        chains = jax.vmap(step)(chains, jax.random.split(step_key, 4))
        chains = jax.vmap(walk)(chains, jax.random.split(walk_key, 4))
    print(chains.mean(0))


main()
