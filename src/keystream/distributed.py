"""Many devices and processes: the same names, the same keys, on any mesh.

Under ``jit`` with sharded inputs draws need no help: they are functions of names and of the places of
elements in the global array. In a ``shard_map`` body say what a shard draws: `per_shard`, `shared`, or
its part of the global mask, `shard_slice`. `check` finds a process that declared other streams.
"""

from __future__ import annotations

from keystream._distributed.agreement import check
from keystream._distributed.axes import per_shard, shard_index, shard_slice, shard_window, shared

__all__ = ["check", "per_shard", "shard_index", "shard_slice", "shard_window", "shared"]
