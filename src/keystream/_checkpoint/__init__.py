"""Checkpoints: what is written of `Streams`, how it is compared, and who writes it.

``record`` is the text that stands for a step and its streams; ``checksum`` tells whether arrays came
back as they were; ``orbax``, ``contained`` and ``adopted`` use them.
"""
