"""Reading programs for randomness mistakes, from their source alone.

`source` reads a file, `reader` walks it with abstract values (`values`): `statements`, `expressions`
and `calls` on top of the state in `machine`. The modules in `libraries` say what a call of a library
does to a key. What is seen is put down as `facts`; `mistakes` makes one of all repeated uses of a key,
and a rule is given both as a `module`. Nothing here imports JAX or the user's code.
"""
