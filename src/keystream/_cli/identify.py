"""``keystream identify``: which stream and step a key belongs to."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

from keystream.errors import ValueOutOfRangeError

_PLACE = "keystream identify"
_EXAMPLE = "keystream identify 1797259609,2579123966 --seed 0 --streams params,dropout"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = f"example:\n  {_EXAMPLE}"
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "key",
        nargs="+",
        metavar="KEY",
        help="its two words as JAX prints them, decimal, or hexadecimal as in 6b200159:99ba4efe",
    )
    seeds = parser.add_mutually_exclusive_group(required=True)
    seeds.add_argument("--seed", help="of the Streams (one seed for all of them)")
    parser.add_argument("--streams", required=True, help="the names, as declared: params,dropout")
    seeds.add_argument("--seeds", help="one seed a stream, in the order of --streams: 0,1")
    parser.add_argument(
        "--coordinates", default="", help="declared sizes: microbatch=64,device=8 (default: none)"
    )
    parser.add_argument("--steps", default=str(2**32), help="declared range (default: 2**32)")
    parser.add_argument("--child", default="", help="namespaces, outermost first: teacher,ema")
    parser.add_argument("--max-step", help="no step beyond this counts")


def run(arguments: argparse.Namespace) -> int:
    """Print the name of the key, and return 1 where it has none among these streams.

    Raises:
        KeystreamError: KS001, KS002, KS003 or KS006, as `keystream.Streams` raises.
    """
    import numpy as np

    streams = _streams(arguments)
    bound = None if arguments.max_step is None else _integer(arguments.max_step, "--max-step")
    found = streams.identify(np.array(_words(arguments.key), np.uint32), max_step=bound)
    if found is None:
        print(
            f"no key of these streams: {', '.join(streams.names)}; "
            "another seed, other names or another declaration made it",
            file=sys.stderr,
        )
        return 1
    print(found)
    return 0


def _streams(arguments: argparse.Namespace) -> Any:
    from keystream._streams import Streams

    names = [name.strip() for name in arguments.streams.split(",") if name.strip()]
    declared: dict[str, Any] = {
        "coordinates": _coordinates(arguments.coordinates),
        "steps": _integer(arguments.steps, "--steps"),
    }
    if arguments.seeds is not None:
        seeds = [_integer(seed, "--seeds") for seed in arguments.seeds.split(",")]
        if len(seeds) != len(names):
            raise _refused(f"--seeds has {len(seeds)} seeds for {len(names)} streams")
        streams = Streams(dict(zip(names, seeds, strict=True)), **declared)
    else:
        streams = Streams(_integer(arguments.seed, "--seed"), *names, **declared)
    for name in filter(None, arguments.child.split(",")):
        streams = streams.child(name)
    return streams


def _words(parts: list[str]) -> list[int]:
    text = " ".join(parts)
    if ":" in text or "x" in text.lower():
        found = [int(word, 16) for word in re.findall(r"(?:0[xX])?([0-9a-fA-F]{1,8})\b", text)]
    else:
        found = [int(word) for word in re.findall(r"\d+", text)]
    if len(found) != 2 or max(found) >= 2**32:
        raise _refused(f"{text!r} is not two words of 32 bits")
    return found


def _coordinates(text: str) -> dict[str, int]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    return {name.strip(): _integer(size, "--coordinates") for name, _, size in pairs}


def _integer(text: str, option: str) -> int:
    base, _, power = text.strip().partition("**")
    try:
        return int(base) ** int(power or 1)
    except ValueError:
        raise _refused(f"{option} has {text!r}, which is not an integer") from None


def _refused(what: str) -> ValueOutOfRangeError:
    return ValueOutOfRangeError(
        what,
        where=_PLACE,
        why="a key is read back under the streams that made it",
        fix=_EXAMPLE,
    )
