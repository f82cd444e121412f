"""The key is the default of a dataclass field."""

from dataclasses import dataclass, field

import jax


@dataclass
class Sampler:
    scale: float
    key: jax.Array = field(default_factory=lambda: jax.random.PRNGKey(0))  # -> KS106

    def draw(self):
        return self.scale * jax.random.normal(self.key, (3,))


print(Sampler(1.0).draw() - Sampler(2.0).draw())
