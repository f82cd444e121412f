"""Train the classifier of digits.py so that a run which is killed goes on as if nothing had happened.

    python examples/resume.py runs/digits          # Ctrl-C it, run it again

However often it is killed, and wherever, the last line is the same: a step's keys depend on its number
alone, the order of an epoch on the epoch alone, and the checkpoint holds that number.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orbax.checkpoint as ocp
from digits import BATCH, STEPS, State, declare, digest, initial_state, load, train_step

import keystream as ks

EVERY, LAST = 10, 440  # save at every tenth step; 440 steps are 20 epochs


def batch(streams: ks.Streams, digits: list[Any], step: int) -> tuple[Any, Any]:
    """The images and labels of a step. No iterator, so nothing to fast-forward after a restart."""
    images, _, labels, _ = digits
    epoch, place = divmod(step, STEPS)
    order = streams.permutation("shuffle", epoch, len(labels))
    rows = order[place * BATCH : (place + 1) * BATCH]
    return images[rows], labels[rows]


def train(
    manager: ocp.CheckpointManager, digits: list[Any], last: int
) -> Iterator[tuple[int, State]]:
    """Go on from the newest checkpoint that is whole, or start; yield each step's number and state."""
    streams = declare(0)  # restore raises KS005 if these are not the streams that were saved
    start, state = 0, initial_state(streams)
    if manager.latest_step() is not None:
        start, state, streams = ks.checkpoint.restore(manager, state, streams, skip_damaged=True)
    yield start, state
    for step in range(start, last):
        state, _ = train_step(state, streams, batch(streams, digits, step), step)
        yield step + 1, state
        ks.checkpoint.save(manager, step + 1, state, streams)  # in the background


def main(directory: str, last: int = LAST) -> None:
    """Train to the last step, from wherever the directory's run has come to."""
    options = ocp.CheckpointManagerOptions(max_to_keep=3, save_interval_steps=EVERY)
    with ocp.CheckpointManager(Path(directory).absolute(), options=options) as manager:
        states = train(manager, load(), last)
        done, state = next(states)
        print("going on from step", done)
        for done, state in states:  # noqa: B007
            if done % 100 == 0:
                print("step", done)
    print("parameters", digest(state))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
