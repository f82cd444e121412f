"""`fit` and `evaluate` of Keras."""

import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
model.compile("sgd", "mse")
x = np.ones((16, 3), np.float32)
model.fit(x, x[:, :1], epochs=2, batch_size=8, verbose=0)
print(model.evaluate(x, x[:, :1], verbose=0))
