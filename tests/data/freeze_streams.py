"""Write streams.v1.json: key words computed by the plain reference, not by the library.

Run ``python tests/data/freeze_streams.py`` only for a new layout; the vectors of a layout never change.
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "core"))

from reference import key_words, stream_id  # noqa: E402

INIT_STEP = 2**32 - 1
CASES = [
    # root words, qualified name, step, [(coordinate's value, its size), ...]
    ((0, 0), "params", INIT_STEP, []),
    ((0, 0), "dropout", 0, []),
    ((0, 0), "dropout", 1, []),
    ((0, 0), "dropout", 2**32 - 2, []),
    ((0, 0), "noise", 120, [(3, 64)]),
    ((0, 0), "noise", 120, [(63, 64), (63, 64)]),
    ((0, 0), "noise", 120, [(4095, 4096)]),
    ((0, 2**32 - 1), "dropout", 7, []),
    ((0, 0), "teacher/dropout", 7, []),
    ((0, 0), "teacher/critic/dropout", 7, []),
    ((0x13198A2E, 0x03707344), "augment", 31337, []),
    ((0, 1), "größe", 5, []),
]
ODD = [((0, 9), "noise", 4242, [(4, 5), (1536, 1537), (10, 11)], 100_003)]


def main() -> None:
    vectors = [
        {
            "root": root,
            "name": name,
            "step": step,
            "coordinates": coordinates,
            "steps": steps,
            "id": stream_id(name),
            "key": key_words(root, stream_id(name), step, coordinates, steps),
        }
        for root, name, step, coordinates, steps in [*((*case, 2**32) for case in CASES), *ODD]
    ]
    path = HERE / "streams.v1.json"
    path.write_text(json.dumps({"layout": 1, "vectors": vectors}, indent=1) + "\n")


if __name__ == "__main__":
    main()
