"""Reading programs for randomness mistakes, from their source alone.

`source` reads a file, `reader` walks it with abstract values: `values`, of which `symbols` are those
that are known by how they came about. The reader is the `state` of a reading, and parts that each do
one thing: `expressions`, `statements`, `calls`, `containers`, ... The table in `libraries` says what a
call of a library does to a key. What is seen is put down as `facts`; `mistakes` makes one of all
repeated uses of a key, and a rule is given both as a `module`. Nothing here imports JAX or the user's
code.
"""
