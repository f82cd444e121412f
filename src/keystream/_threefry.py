"""The Threefry-2x32 block and its inverse, written once with operators only.

The lines below run unchanged on NumPy arrays, JAX arrays and tracers, inside Pallas kernels, and on
anything else whose ``+ - ^ << >> |`` work modulo 2**32. For a fixed key the block is a bijection of the
64-bit counter: that is what makes keys of distinct names provably distinct.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC'11), Threefry-2x32
with 20 rounds; the constants are those of Random123's ``threefry.h``, and of JAX.
"""

from __future__ import annotations

from typing import Any

# A word is a uint32 scalar or array of NumPy or JAX; a pair of words is a key, counter or output.
Word = Any
Pair = tuple[Word, Word]

_PARITY = 0x1BD11BDA
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_GROUPS = 5  # of four rounds; a key injection follows each


def block(key: Pair, counter: Pair) -> Pair:
    """Threefry-2x32-20: encrypt a 64-bit counter under a 64-bit key.

    Guarantee: for one key a bijection; `inverse` undoes it. Bits are those of ``jax.random``'s
    ``threefry2x32`` and of Random123.

    Args:
        key: two uint32 words, scalars or arrays.
        counter: two uint32 words (high, low), broadcast against the key's.

    Returns:
        Two uint32 words of the broadcast shape.
    """
    schedule = _schedule(key)
    x0, x1 = counter[0] + schedule[0], counter[1] + schedule[1]
    for group in range(_GROUPS):
        for rotation in _ROTATIONS[group % 2]:
            x0 = x0 + x1
            x1 = x0 ^ _rotate_left(x1, rotation)
        injected0, injected1 = _injection(schedule, group)
        x0, x1 = x0 + injected0, x1 + injected1
    return x0, x1


def inverse(key: Pair, output: Pair) -> Pair:
    """Recover the counter that `block` encrypted.

    Args:
        key: two uint32 words, scalars or arrays.
        output: two uint32 words, broadcast against the key's.

    Returns:
        The counter, two uint32 words (high, low).
    """
    schedule = _schedule(key)
    x0, x1 = output
    for group in reversed(range(_GROUPS)):
        injected0, injected1 = _injection(schedule, group)
        x0, x1 = x0 - injected0, x1 - injected1
        for rotation in reversed(_ROTATIONS[group % 2]):
            x1 = _rotate_left(x1 ^ x0, 32 - rotation)
            x0 = x0 - x1
    return x0 - schedule[0], x1 - schedule[1]


def _schedule(key: Pair) -> tuple[Word, Word, Word]:
    return key[0], key[1], key[0] ^ key[1] ^ _PARITY


def _injection(schedule: tuple[Word, Word, Word], group: int) -> Pair:
    return schedule[(group + 1) % 3], schedule[(group + 2) % 3] + (group + 1)


def _rotate_left(word: Word, distance: int) -> Word:
    return (word << distance) | (word >> (32 - distance))
