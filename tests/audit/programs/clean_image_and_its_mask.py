"""An image and its mask are flipped and cut alike; the image alone is brightened."""

import jax
import jax.numpy as jnp


def moved(key, array):
    flip_key, cut_key = jax.random.split(key)
    array = jnp.where(jax.random.bernoulli(flip_key), array[:, ::-1], array)
    row, column = jax.random.randint(cut_key, (2,), 0, 3)
    return jax.lax.dynamic_slice(array, (row, column), (4, 4))


def augmented(key, image, mask):
    place_key, light_key = jax.random.split(key)
    image = moved(place_key, image) * jax.random.uniform(light_key, (), minval=0.8)
    return image, moved(place_key, mask)


keys = jax.random.split(jax.random.key(1), 5)
images, masks = jax.vmap(augmented)(keys, jnp.ones((5, 6, 6)), jnp.ones((5, 6, 6)))
print(images.mean(), masks.mean())
