# about: crop and flip of an image use one key, under vmap
import jax
import jax.numpy as jnp


def augment(key, image):
    offset = jax.random.uniform(key, (2,), maxval=3.0).astype(int)  # or: KS101|KS102
    image = jax.lax.dynamic_slice(image, offset, (6, 6))
    flip = jax.random.bernoulli(key)  # expect: KS101|KS102
    return jnp.where(flip, image[:, ::-1], image)


@jax.jit
def augment_batch(key, images):
    keys = jax.random.split(key, len(images))
    return jax.vmap(augment)(keys, images)  # or: KS101|KS102


def main():
    key = jax.random.key(75)
    images = jnp.arange(4 * 64.0).reshape(4, 8, 8)
    for epoch in range(2):
        key, sub = jax.random.split(key)
        print(augment_batch(sub, images).mean())  # or: KS101|KS102


if __name__ == "__main__":
    main()
