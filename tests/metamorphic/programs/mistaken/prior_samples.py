# about: all batches of prior samples of an evaluation come from one key
import jax
import jax.numpy as jnp


class Decoder:
    def __init__(self, key, latent, out):
        self.w = jax.random.normal(key, (latent, out))

    def __call__(self, z):
        return jax.nn.sigmoid(z @ self.w)


@jax.jit
def decode(w, key):
    z = jax.random.normal(key, (16, w.shape[0]))  # or: KS201|KS203
    return jax.nn.sigmoid(z @ w)


def sample_prior(decoder, key, batches):
    images = []
    for _ in range(batches):  # or: KS201|KS203
        images.append(decode(decoder.w, key))  # expect: KS201|KS203
    return jnp.concatenate(images)


def main():
    init_key, sample_key = jax.random.split(jax.random.key(13))
    decoder = Decoder(init_key, 4, 10)
    images = sample_prior(decoder, sample_key, 4)
    print(images.shape, images.std(0).mean())


if __name__ == "__main__":
    main()
