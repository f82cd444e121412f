"""Every test sees eight CPU devices, strict promotion, and typed errors."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=8"
).strip()

from hypothesis import settings

settings.register_profile("keystream", deadline=None, derandomize=True)
settings.load_profile("keystream")
