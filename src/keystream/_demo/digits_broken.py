"""Read digits as `digits.py` does, with keys made by hand, and with three mistakes that nothing shows.

    keystream audit examples/digits_broken.py     # `keystream demo` ends with its report

There is no error and no warning, and the loss goes down. What is wrong is marked.
"""

from typing import Any

import flax.linen as nn
import jax
import numpy as np
import optax
from digits import BATCH, OPTIMISER, STEPS, load


class Classifier(nn.Module):
    """One hidden layer, with dropout."""

    @nn.compact
    def __call__(self, x: jax.Array, deterministic: bool) -> jax.Array:
        """From images float32[N, 64] to logits float32[N, 10]."""
        x = nn.gelu(nn.Dense(128)(x))
        x = nn.Dropout(0.1, deterministic=deterministic)(x)
        return nn.Dense(10)(x)


MODEL = Classifier()


@jax.jit
def train_step(params: Any, optimiser: Any, batch: Any, keys: Any) -> tuple[Any, Any, jax.Array]:
    """One update, on images with noise and with a pixel in ten hidden."""
    images, labels = batch
    noise_key, mask_key, dropout_key = keys
    images = images + 0.1 * jax.random.normal(noise_key, images.shape)
    images = images * jax.random.bernoulli(mask_key, 0.9, images.shape)

    def mean_loss(params: Any) -> jax.Array:
        rngs = {"dropout": dropout_key}
        logits: Any = MODEL.apply({"params": params}, images, deterministic=False, rngs=rngs)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    loss, gradients = jax.value_and_grad(mean_loss)(params)
    updates, optimiser = OPTIMISER.update(gradients, optimiser, params)
    return optax.apply_updates(params, updates), optimiser, loss


def main() -> None:
    """One epoch."""
    images, _, labels, _ = load()
    x = np.zeros((1, 64), np.float32)
    # Wrong: one key, and Dropout is served from the stream of the weights.
    params = MODEL.init(jax.random.key(0), x, deterministic=False)["params"]
    optimiser = OPTIMISER.init(params)
    noise_key = jax.random.key(1)
    mask_key = jax.random.key(1)  # Wrong: the seed of the noise.
    dropout_key = jax.random.key(2)
    for step in range(STEPS):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        batch = images[rows], labels[rows]
        # Wrong: the dropout key is the same at every step.
        keys = jax.random.fold_in(noise_key, step), jax.random.fold_in(mask_key, step), dropout_key
        params, optimiser, loss = train_step(params, optimiser, batch, keys)
        if step in (0, STEPS - 1):
            print(f"step {step:2d}  loss {loss:.4f}")


if __name__ == "__main__":
    main()
