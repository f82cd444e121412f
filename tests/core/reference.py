"""The block and the packing again, in Python integers, from the papers' and the docs' words alone.

Slow and plain on purpose: what the library computes is compared with this.
"""

import hashlib

MASK = 2**32 - 1


def threefry(key, counter):
    """Threefry-2x32-20 on pairs of integers."""
    schedule = [key[0], key[1], 0x1BD11BDA ^ key[0] ^ key[1]]
    x = [(counter[0] + schedule[0]) & MASK, (counter[1] + schedule[1]) & MASK]
    for round_number in range(20):
        rotation = (13, 15, 26, 6, 17, 29, 16, 24)[round_number % 8]
        x[0] = (x[0] + x[1]) & MASK
        x[1] = ((x[1] << rotation) | (x[1] >> (32 - rotation))) & MASK
        x[1] ^= x[0]
        if round_number % 4 == 3:
            injection = round_number // 4 + 1
            x[0] = (x[0] + schedule[injection % 3]) & MASK
            x[1] = (x[1] + schedule[(injection + 1) % 3] + injection) & MASK
    return tuple(x)


def stream_id(qualified_name):
    """20 bits of SHA-256, never 0."""
    number = int(hashlib.sha256(qualified_name.encode()).hexdigest()[:16], 16)
    return number % (2**20 - 1) + 1


def key_words(root, identifier, step, coordinates=(), steps=2**32):
    """The words of a key; coordinates are pairs (value, size) in declared order."""
    position, weight = step, steps
    for value, size in coordinates:
        position += weight * value
        weight *= size
    assert position < 2**44
    number = identifier * 2**44 + position
    return threefry(root, (number >> 32, number & MASK))
