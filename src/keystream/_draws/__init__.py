"""Draws: dropout and its kin, with the bits of ``jax.random`` and without what they cost.

The road of a draw: `keys` reads the key, `window` says which elements of which array are drawn, `mask`
hashes each element's index once, in one named call, and `kept` scales by the mask and keeps one byte an
element, or none, for the backward pass. `elements` has JAX's other numbers of a window.
"""
