"""Every draw that a function will make, and the small slice of it that computes the keys they use.

A plan reads a jaxpr, so it sees every library's draws alike. The parts, in the order of their work:

- `primitives` and `frames`: what draws, what holds other jaxprs, and whose line a thing stands on;
- `regions`: the jaxpr as a tree, one node for each jaxpr that has a site or an effect inside;
- `origin`: where a key comes from, as an expression over the program's inputs;
- `marking`: which equations the sites need, and which sites can't be had without an effect;
- `evaluate`: the slice, run as an ordinary JAX function of the inputs that are needed;
- `analysis`: all of it for a closed jaxpr, which is what the audit uses; `plan` the public face.
"""
