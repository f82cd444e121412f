# about: images are cropped, flipped and jittered with a key for each and each image
import jax
import jax.numpy as jnp


def augment(key, image):
    crop_key, flip_key, jitter_key = jax.random.split(key, 3)
    offset = jax.random.randint(crop_key, (2,), 0, 3)
    image = jax.lax.dynamic_slice(image, offset, (6, 6))
    image = jnp.where(jax.random.bernoulli(flip_key), image[:, ::-1], image)
    return image * jax.random.uniform(jitter_key, (), minval=0.9, maxval=1.1)


@jax.jit
def augment_batch(key, images):
    return jax.vmap(augment)(jax.random.split(key, len(images)), images)


def main():
    key = jax.random.key(66)
    images = jnp.arange(4 * 64.0).reshape(4, 8, 8)
    for epoch in range(2):
        for step in range(2):
            key, sub = jax.random.split(key)
            print(epoch, step, augment_batch(sub, images).mean())


if __name__ == "__main__":
    main()
