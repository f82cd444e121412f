# about: a training with keystream's own streams
import jax
import jax.numpy as jnp
import keystream as ks


@jax.jit
def step(w, x, key, noise_key):
    x = ks.dropout(key, x, 0.3)
    return w + 0.1 * (x.mean(0) - w) + 0.01 * jax.random.normal(noise_key, w.shape)


def main():
    streams = ks.Streams(0, "params", "dropout", "noise")
    w = 0.1 * jax.random.normal(streams.init_rngs()["params"], (3,))
    for i in range(4):
        w = step(w, jnp.ones((4, 3)), streams.key("dropout", i), streams.key("noise", i))
    print(w)


if __name__ == "__main__":
    main()
