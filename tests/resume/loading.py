"""What worker processes of the data loaders run: it has to be importable there, and loads no JAX."""

import sys

import numpy as np


class Rows:
    """A data set of rows: a row's number, its augmentation, and whether JAX was loaded for it."""

    def __init__(self, host, epoch, n):
        self._host, self._epoch, self._n = host, epoch, n

    def __len__(self):
        return self._n

    def __getitem__(self, row):
        noise = self._host.numpy("augment", self._epoch, record=int(row)).bit_generator.random_raw()
        return np.array([row, noise >> 32, noise % 2**32, "jax" in sys.modules], np.int64)
