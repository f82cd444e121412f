"""What the build puts into the wheel's metadata beside pyproject.toml: the documentation's address."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Address(MetadataHookInterface):
    """Names the documentation, where it has an address."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the address of ``keystream._address``."""
        said = runpy.run_path(str(Path(self.root) / "src" / "keystream" / "_address.py"))
        address = said["DOCUMENTATION"]
        metadata["urls"] = {"Documentation": address} if address else {}
