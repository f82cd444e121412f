"""Many devices: what a shard draws. Many processes: that all declared the same."""
