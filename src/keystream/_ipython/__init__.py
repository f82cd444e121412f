"""IPython and notebooks: ``%load_ext keystream`` gives ``%%audit``, ``%audit`` and ``%lint``.

Everything is shown through IPython's display protocol, so that Jupyter, Colab, VS Code and plain IPython
have the same.

- `cells`: which cell a line belongs to, and its source where readers of source look for it;
- `magics`: the commands;
- `kernel`: what ``keystream audit nb.ipynb`` runs in the notebook's kernel.
"""

from __future__ import annotations

from typing import Any

__all__ = ["load", "unload"]


def load(shell: Any) -> None:
    """Add the commands to a running IPython."""
    from keystream._ipython.magics import KeystreamMagics  # noqa: PLC0415  # IPython is no dependency

    shell.register_magics(KeystreamMagics(shell))


def unload(shell: Any) -> None:
    """End a running audit, and leave IPython's own naming of cells as it was."""
    magics = shell.magics_manager.registry.get("KeystreamMagics")
    if magics is not None:
        magics.close()
