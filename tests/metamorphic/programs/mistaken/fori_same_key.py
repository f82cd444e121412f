# about: a fori_loop draws from the key of its surroundings
import jax
import jax.numpy as jnp


@jax.jit
def random_walk(key, x, steps):
    def body(i, x):
        move = jax.random.choice(key, jnp.array([-1.0, 1.0]), x.shape)  # expect: KS203
        return x + move

    return jax.lax.fori_loop(0, steps, body, x)  # or: KS203


def main():
    x = random_walk(jax.random.key(11), jnp.zeros(4), 10)  # or: KS203
    print(x)


if __name__ == "__main__":
    main()
