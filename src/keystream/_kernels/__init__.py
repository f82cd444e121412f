"""Dropout as Pallas kernels for Triton, one pass over the array each way.

None has been timed on a GPU yet, so nothing chooses them: ``ks.dropout`` is the plain form everywhere,
and is what the kernels are tested against. `dropout.kernel_dropout` calls them by name.

JAX 0.12 calls its Triton backend deprecated; the kernels are lowered and tested with 0.9 to 0.12.
"""
