# about: a compiled step is warmed up, the result thrown away, and then timed
import time

import jax
import jax.numpy as jnp


@jax.jit
def step(w, key):
    return w + jax.random.normal(key, w.shape)


def main():
    key = jax.random.key(4)
    w = jnp.zeros(100)
    step(w, key).block_until_ready()
    start = time.perf_counter()
    for i in range(5):
        w = step(w, jax.random.fold_in(key, i))
    w.block_until_ready()
    print(f"{(time.perf_counter() - start) / 5:.6f} s a step")


if __name__ == "__main__":
    main()
