# about: a comment about a replay buffer stands above a reuse
import jax
import jax.numpy as jnp


def collect(key, n):
    obs = jax.random.normal(key, (n, 4))  # or: KS101
    # sample from the replay buffer
    index = jax.random.randint(key, (8,), 0, n)  # expect: KS101|KS102
    return obs[index]


def main():
    key = jax.random.key(21)
    total = jnp.zeros(4)
    for _ in range(3):
        key, sub = jax.random.split(key)
        total = total + collect(sub, 32).mean(0)
    print(total)


if __name__ == "__main__":
    main()
