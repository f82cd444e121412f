"""Every test sees eight CPU devices, strict promotion, and typed errors."""

import os
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"
).strip()

import pytest
from hypothesis import settings

settings.register_profile("keystream", deadline=None, derandomize=True)
settings.load_profile("keystream")

# What runs on the newest JAX alone: whole programs, processes, browsers, kernels. The README's command
# and the oldest versions leave it out, so that a first run takes minutes.
_SLOW = (
    "demo",
    "docs",
    "metamorphic",
    "notebook",
    "resume",
    "scale",
    "audit/test_jobs",
    "audit/test_long",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        place = item.path.relative_to(Path(__file__).parent).as_posix()
        if place.startswith(_SLOW):
            item.add_marker(pytest.mark.slow)
