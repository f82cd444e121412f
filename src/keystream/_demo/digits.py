"""Train a classifier of handwritten digits in which every random draw has a name.

    python examples/digits.py          # `digits.py 1 10`: seed 1, 10 epochs
    keystream demo                     # the same program, with a progress bar and a picture

The model draws in four places: it adds noise to the pixels, hides some of them, drops activations,
and drops whole residual branches. Each has a stream of its own, so that a change to one leaves the
draws of the others as they were. The initial weights and the shuffle have theirs too.
"""

import hashlib
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import numpy as np
import optax
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import keystream as ks

EPOCHS, STEPS, BATCH = 30, 22, 64  # 22 batches of 64 take 1408 of the 1437 training images
OPTIMISER = optax.adamw(optax.exponential_decay(4e-3, transition_steps=8 * STEPS, decay_rate=0.5))


def declare(seed: int) -> ks.Streams:
    """Every stream of the program. A name not among them is an error, not a silent fall-back."""
    return ks.Streams(seed, "params", "noise", "mask", "dropout", "drop_path", "shuffle")


class Classifier(nn.Module):
    """Three residual blocks."""

    @nn.compact
    def __call__(self, x: jax.Array, deterministic: bool) -> jax.Array:
        """From images float32[N, 64] with pixels in [0, 1] to logits float32[N, 10]."""
        x = ks.linen.GaussianNoise(0.1)(x, deterministic)  # draws from the stream "noise"
        if not deterministic:
            # Hide one pixel in ten. A draw outside a layer asks its stream for a key itself.
            x = ks.token_mask(self.make_rng("mask"), x, 0.1).tokens
        x = nn.Dense(128)(x)
        for rate in ks.drop_path_rates(0.2, depth=3):
            # Flax folds a module's path into its key: each block has masks of its own.
            branch = nn.gelu(nn.Dense(128)(nn.LayerNorm()(x)))
            branch = ks.linen.Dropout(0.1)(branch, deterministic)  # the bits of nn.Dropout
            x = x + ks.linen.DropPath(rate)(nn.Dense(128)(branch), deterministic)
        return nn.Dense(10)(nn.LayerNorm()(x))


MODEL = Classifier()


class State(NamedTuple):
    """All that a checkpoint has to hold: there is no key and no counter in it."""

    params: Any
    optimiser: Any


@jax.jit  # streams are an argument, not a constant: another seed runs the same compiled program
def initial_state(streams: ks.Streams) -> State:
    """The state before step 0. ``init`` runs the model, dropout and all, so it gets every stream."""
    images = np.zeros((1, 64), np.float32)
    params = MODEL.init(streams.init_rngs(), images, deterministic=False)["params"]
    return State(params, OPTIMISER.init(params))


@jax.jit
def train_step(state: State, streams: ks.Streams, batch: Any, step: Any) -> tuple[State, jax.Array]:
    """One update. Its keys depend on the step alone: nothing to split, to carry or to hand back."""
    images, labels = batch

    def mean_loss(params: Any) -> jax.Array:
        rngs = streams.rngs(step)  # a dictionary, as Flax takes it, of keys that no other step has
        logits: Any = MODEL.apply({"params": params}, images, deterministic=False, rngs=rngs)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    loss, gradients = jax.value_and_grad(mean_loss)(state.params)
    updates, optimiser = OPTIMISER.update(gradients, state.optimiser, state.params)
    return State(optax.apply_updates(state.params, updates), optimiser), loss


@jax.jit
def accuracy(state: State, images: Any, labels: Any) -> jax.Array:
    """The share of digits read right. Evaluation is deterministic, so it takes no keys."""
    logits: Any = MODEL.apply({"params": state.params}, images, deterministic=True)
    return (logits.argmax(axis=-1) == labels).mean()


def load() -> list[Any]:
    """Training images, test images, and the labels of each; the split is one for all seeds."""
    images, labels = load_digits(return_X_y=True)
    arrays = (images / 16).astype(np.float32), labels.astype(np.int32)
    return train_test_split(*arrays, test_size=360, stratify=labels, random_state=0)


def train(
    state: State, streams: ks.Streams, digits: list[Any], epochs: range
) -> Iterator[tuple[State, tuple[float, float, float]]]:
    """Yield, after each epoch, the state and three numbers: loss, training and test accuracy.

    To resume, pass the state that was saved and the epochs that are left.
    """
    x_train, x_test, y_train, y_test = digits
    for epoch in epochs:  # the shuffle is a draw like the others; its step is the epoch
        order = jax.random.permutation(streams.key("shuffle", epoch), len(y_train))
        losses: list[jax.Array] = []
        for rows in np.asarray(order)[: STEPS * BATCH].reshape(STEPS, BATCH):
            step = epoch * STEPS + len(losses)  # counts on across epochs, so no key comes twice
            state, loss = train_step(state, streams, (x_train[rows], y_train[rows]), step)
            losses.append(loss)
        scores = accuracy(state, x_train, y_train), accuracy(state, x_test, y_test)
        yield state, (float(np.mean(losses)), float(scores[0]), float(scores[1]))


def digest(state: State) -> str:
    """SHA-256 of the parameters' bytes, in the order of the modules' names."""
    leaves = jax.tree.leaves(state.params)  # JAX sorts a dictionary by its keys
    return hashlib.sha256(b"".join(np.asarray(leaf).tobytes() for leaf in leaves)).hexdigest()


def main(seed: int = 0, epochs: int = EPOCHS) -> None:
    """Train three times, and show that the seed, and nothing else, decides the outcome."""
    digits, digests = load(), []
    for run_seed in (seed, seed, (seed + 1) % 2**32):
        streams = declare(run_seed)
        start = state = initial_state(streams)
        print(f"{streams}\nepoch    loss   train    test")
        for epoch, result in enumerate(train(start, streams, digits, range(epochs)), 1):
            state, numbers = result
            print("{:5d}  {:.4f}  {:.4f}  {:.4f}".format(epoch, *numbers))
        digests.append(digest(state))
        print(f"parameters {digests[-1]}\n")
    print("same seed, same parameters:", digests[0] == digests[1])
    print("other seed, other parameters:", digests[0] != digests[2])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
