"""A layer of Keras in evaluation mode, trained with JAX."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import jax
import jax.numpy as jnp
import keras

layer = keras.layers.Dropout(0.5, seed=1)
dense = keras.layers.Dense(1)
x = jnp.ones((2, 3))
dense.build((2, 3))
w = [v.value for v in dense.trainable_variables]


def loss(w):
    h = layer(x, training=False)  # -> KS602
    return dense.stateless_call(w, [], h)[0].sum()


for _ in range(2):
    w = [v - 0.1 * g for v, g in zip(w, jax.grad(loss)(w))]
