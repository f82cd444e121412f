"""The parts of `keystream.linen`; importing any of them needs Flax."""

from __future__ import annotations

from keystream._extras import require

require("flax.linen", purpose="keystream.linen")
