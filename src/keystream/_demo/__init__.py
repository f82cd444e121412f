"""The demonstration: `digits` is the program, as in ``examples/``; the rest runs and shows it."""
