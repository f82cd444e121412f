"""Write host.v1.json: host randomness as plain integers make it, not the library, NumPy or JAX.

Run ``python tests/data/freeze_host.py`` only for a new layout; the vectors of a layout never change.
Philox is written from the paper (Salmon et al., SC'11, with the constants of Philox-4x64-10).
"""

import json
import random
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "core"))

from reference import key_words, stream_id, threefry  # noqa: E402

MASK = 2**64 - 1


def philox(key, counter):
    """Philox-4x64-10 on integers."""
    x, k = list(counter), list(key)
    for _ in range(10):
        low, high = x[0] * 0xD2E7470EE14C6C93, x[2] * 0xCA5A826395121157
        x = [(high >> 64) ^ x[1] ^ k[0], high & MASK, (low >> 64) ^ x[3] ^ k[1], low & MASK]
        k = [(k[0] + 0x9E3779B97F4A7C15) & MASK, (k[1] + 0xBB67AE8584CAA73B) & MASK]
    return x


def feistel(key, value, bits):
    widths = (bits // 2, bits - bits // 2)
    left, right = value >> widths[1], value % 2 ** widths[1]
    for turn in range(8):
        word = threefry(key, (turn + 1, right))[0] % 2 ** widths[turn % 2]
        left, right = right, left ^ word
    return left << widths[1] | right


def entry(key, place, n):
    value = feistel(key, place, (n - 1).bit_length())
    while value >= n:
        value = feistel(key, value, (n - 1).bit_length())
    return value


def in_order(key, n):
    return sorted(range(n), key=lambda place: threefry(key, (0, place)))


def vector(root, name, step):
    key = key_words(root, stream_id(name), step)
    number = key[0] << 32 | key[1]
    return {
        "root": root,
        "name": name,
        "step": step,
        "philox": [*philox((number, 0), (1, 0, 0, 0)), *philox((number, 0), (2, 0, 0, 0))],
        "python": [random.Random(number).getrandbits(64)],
        "orders": {str(n): in_order(key, n) for n in (0, 1, 2, 7, 40)},
        "sums": {"1000": sum(p * e for p, e in enumerate(in_order(key, 1000)))},
        "walked": {
            str(n): [[place, entry(key, place, n)] for place in (0, 1, 65536, n // 2, n - 1)]
            for n in (65537, 100_003, 2**20, 2**33 + 7, 2**62)
        },
    }


def main():
    cases = [((0, 0), "shuffle", 0), ((0, 7), "augment", 120), ((3, 9), "größe", 2**32 - 2)]
    text = json.dumps({"layout": 1, "vectors": [vector(*case) for case in cases]}, indent=1)
    (HERE / "host.v1.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
